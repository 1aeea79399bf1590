/* SPDX-License-Identifier: MIT */
/* fuzz_handshake: a head that may ask for WebSocket. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/net/http.h"

/* Of what a handshake must have, that which is easily said twice. */
static void
must_be_a_handshake(const struct http_request *request, struct http_slice key)
{
	const struct http_slice *version =
	    http_field(request, "sec-websocket-version");
	const struct http_slice *sent =
	    http_field(request, "sec-websocket-key");

	MUST(http_is(request->method, "GET") && request->minor > 0);
	MUST(request->length == 0 && !request->chunked);
	MUST(http_field(request, "upgrade"));
	MUST(http_field(request, "connection"));
	MUST(version && version->len == 2 && memcmp(version->at, "13", 2) == 0);
	MUST(sent && sent->at == key.at && key.len == 24);
	MUST(key.at[22] == '=' && key.at[23] == '=');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request = {.checked = 0};
	struct http_slice key = {0};
	int status;

	if (http_parse((const char *)data, size, &request) <= 0)
		return 0;
	status = http_websocket(&request, &key);
	MUST(status == 0 || status == 101 || status == 400 || status == 426);
	if (status == 101)
		must_be_a_handshake(&request, key);
	else
		MUST(key.at == NULL);
	return 0;
}
