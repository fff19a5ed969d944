"""What is kept of a resource to find it by: its elements -> the rows of server.query.

Which elements, R4's search parameters say in FHIRPath (``definitions/search.json``). ``expressions``
compiles that once for each type, ``tree`` walks a resource beside all of it, and ``tokens``,
``references``, ``texts``, ``dates`` and ``numbers`` turn what is found into rows.
"""
