/* SPDX-License-Identifier: MIT */
/* floor_http_thread: floor_http.h in a detached thread for each connection. */
#include "tests/bench/floor_http.h"

int
main(int argc, char **argv)
{
	floor_threads(floor_listen(argc, argv), floor_serve_http);
}
