/* SPDX-License-Identifier: MIT */
/* session_datagram: finds the request that a datagram answers. */
#include "common/load/session_datagram.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/load/session_internal.h"

/* How many earlier requests a duplicate is compared with. */
#define LOOK_BACK 1024

/* Whether the LEN bytes in the buffer are the reply to request NUMBER. */
static bool
answers(const struct session_shared *shared, const struct session *session,
    uint64_t number, size_t len)
{
	const struct payload *payload = &shared->run.payload;

	return len == payload->size &&
	       memcmp(shared->buffer,
		   payload_request(payload, session->x.id, number), len) == 0;
}

/* Counts a reply to an earlier request. False if it is none. */
static bool
is_old(struct session_shared *shared, struct session *session, size_t len)
{
	uint64_t latest = session->x.number, back;
	uint64_t span = shared->run.payload.span;

	if (!shared->run.protocol->echoes)
		return false;
	for (int i = 0; i < SESSION_LOST; i++) {
		if (session->lost[i] &&
		    answers(shared, session, session->lost[i], len)) {
			session->lost[i] = 0;
			shared->late++;
			return true;
		}
	}
	/* Without the latest request if that is pending. */
	for (back = session->x.pending;
	     back < span && back < LOOK_BACK &&
	     latest - back >= session->first && back < latest;
	     back++) {
		if (answers(shared, session, latest - back, len)) {
			shared->duplicated++;
			return true;
		}
	}
	return false;
}

/* A datagram that is too short is wrong: it is no piece of a reply. */
static enum session_result
judge_datagram(
    struct session_shared *shared, struct session *session, size_t len)
{
	struct protocol_run *run = &shared->run;
	struct exchange *x = &session->x;
	enum reply_check judgement =
	    len ? run->protocol->judge(run, x, shared->buffer, len)
		: REPLY_MORE;

	if (judgement == REPLY_MORE) {
		reply_wrong(run, "a datagram of %zu bytes is too short", len);
		judgement = REPLY_WRONG;
	}
	if (judgement == REPLY_WRONG && is_old(shared, session, len)) {
		x->received = 0;
		return SESSION_AGAIN;
	}
	if (judgement == REPLY_COMPLETE) {
		x->pending = false;
		session->state = SESSION_IDLE;
		return SESSION_DONE;
	}
	return session_apply(shared, session, judgement);
}

enum session_result
session_datagram_event(
    struct session_shared *shared, struct session *session, uint32_t events)
{
	enum session_result result;
	ssize_t n;

	if (session->state == SESSION_BUSY && events & EPOLLOUT) {
		result = session_send_rest(shared, session);
		if (result != SESSION_AGAIN)
			return result;
	}
	n = recv(
	    session->fd, shared->buffer, shared->buffer_size, MSG_DONTWAIT);
	if (n < 0)
		return session_receive_failed(shared, session, false);
	if (session->state != SESSION_BUSY)
		return is_old(shared, session, (size_t)n)
			   ? SESSION_AGAIN
			   : session_unsolicited(shared, session, (size_t)n);
	result = judge_datagram(shared, session, (size_t)n);
	if (result != SESSION_DONE || !shared->churn)
		return result;
	/* A second datagram shows now or never: there is no end of file. */
	n = recv(
	    session->fd, shared->buffer, shared->buffer_size, MSG_DONTWAIT);
	if (n >= 0 && !is_old(shared, session, (size_t)n)) {
		session_unsolicited(shared, session, (size_t)n);
		return SESSION_WRONG;
	}
	session_close(session);
	return SESSION_DONE;
}

void
session_time_out(struct session_shared *shared, struct session *session)
{
	uint64_t number = session->x.number;

	if (!shared->datagram_event || shared->churn ||
	    !shared->run.protocol->echoes) {
		session_close(session);
		return;
	}
	session->lost[number % SESSION_LOST] = number;
	session->x.pending = false;
	session->x.out_len = session->x.sent = 0;
	session->state = SESSION_IDLE;
	session_watch(shared, session, false);
}
