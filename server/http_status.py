"""The one map from our categories to HTTP statuses, for each door that speaks HTTP (RFC 9110 section 15)."""

from __future__ import annotations

from server.errors import Category

STATUS: dict[Category, int] = {
    Category.INCORRECT: 400,
    Category.UNAUTHENTICATED: 401,
    Category.FORBIDDEN: 403,
    Category.NOT_FOUND: 404,
    Category.GONE: 410,
    Category.CONFLICT: 409,
    Category.STALE: 412,
    Category.TOO_LARGE: 413,
    Category.UNSUPPORTED: 415,
    Category.NOT_ACCEPTABLE: 406,
    Category.NOT_ALLOWED: 405,
    Category.UNPROCESSABLE: 422,
    Category.BUSY: 429,
    Category.BROKEN: 500,
    Category.UNAVAILABLE: 503,
}
