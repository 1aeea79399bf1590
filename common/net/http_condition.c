/* SPDX-License-Identifier: MIT */
/* http_condition: preconditions (RFC 9110 13), for pages without validators. */
#include "common/net/http.h"

/* Whether a field NAME is "*", which matches any representation. */
static bool
is_any(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_is(request->fields[i].name, name) &&
		    http_is(request->fields[i].value, "*"))
			return true;
	}
	return false;
}

int
http_precondition(const struct http_request *request)
{
	if (http_field(request, "if-match") && !is_any(request, "if-match"))
		return 412;
	return is_any(request, "if-none-match") ? 304 : 200;
}
