"""A search as it is asked in a URL or form -> the values of server.query (R4 search.html).

``conditions`` reads one parameter, chains included, with ``values`` for each kind of value;
``controls`` reads what is said of the answer (``_count``, ``_include``, ...); ``asked`` puts both together.
"""
