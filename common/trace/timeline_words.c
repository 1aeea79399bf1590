/* SPDX-License-Identifier: MIT */
/* timeline_words: names and sentences, in English and in Chinese. */
#include "common/trace/timeline_words.h"

#include <stdio.h>
#include <string.h>

#include "common/base/units.h"

const char *
timeline_sign_text(enum timeline_sign sign, bool utf8)
{
	static const char *const texts[SIGN_COUNT][2] = {
	    [SIGN_NONE] = {" ", " "},
	    [SIGN_REFUSED] = {"R", "R"},
	    [SIGN_STOP] = {"S", "S"},
	    [SIGN_CUT] = {"C", "C"},
	    [SIGN_DEAD_HOLDER] = {"!", "!"},
	    [SIGN_FAILED] = {"F", "F"},
	    [SIGN_OPEN] = {">", "→"},
	    [SIGN_KILLED] = {"x", "×"},
	};

	return texts[sign][utf8];
}

const char *
timeline_sign_name(enum timeline_sign sign, bool zh)
{
	static const char *const names[SIGN_COUNT][2] = {
	    [SIGN_NONE] = {"nothing", "无"},
	    [SIGN_REFUSED] = {"a client was refused", "拒绝了一个客户端"},
	    [SIGN_STOP] = {"told to stop", "收到停止信号"},
	    [SIGN_CUT] = {"ended by the server", "被服务器终止"},
	    [SIGN_DEAD_HOLDER] = {"the lock's last holder died",
		"锁的上一个持有者已死亡"},
	    [SIGN_FAILED] = {"request without a right answer",
		"请求没有得到正确回复"},
	    [SIGN_OPEN] = {"no end in this trace", "跟踪记录中没有结束"},
	    [SIGN_KILLED] = {"killed", "被杀死"},
	};

	return names[sign][zh];
}

const char *
timeline_phase_name(enum phase_kind kind, bool zh)
{
	static const char *const names[PHASE_COUNT][2] = {
	    [PHASE_NONE] = {"nothing", "无"},
	    [PHASE_SPAWN] = {"accept loop creates a worker",
		"accept 循环正在创建 worker"},
	    [PHASE_HAND_OVER] = {"accepted, worker not running yet",
		"已接受，worker 尚未运行"},
	    [PHASE_SILENT] = {"runs, no byte from the client yet",
		"已运行，客户端尚未发送"},
	    [PHASE_SERVING] = {"serves, or awaits the next request",
		"正在服务，或等待下一个请求"},
	    [PHASE_LOCK_WAIT] = {"waits for the lock", "等待锁"},
	    [PHASE_LOCK_HELD] = {"holds the lock", "持有锁"},
	    [PHASE_CLOSING] = {"after its last byte", "最后一个字节之后"},
	    [PHASE_ENDED] = {"ended, not reaped yet", "已结束，尚未回收"},
	    [PHASE_CONNECTING] = {"client connects", "客户端正在连接"},
	    [PHASE_IDLE] = {"client has nothing to send", "客户端空闲"},
	    [PHASE_DUE] = {"request is due, not sent", "请求到期，尚未发送"},
	    [PHASE_IN_FLIGHT] = {"request sent, no answer yet",
		"请求已发送，尚无回复"},
	};

	return names[kind][zh];
}

/* How many workers ended so. */
static size_t
count_ends(const struct timeline *timeline, enum lane_end end)
{
	size_t count = 0;

	for (size_t i = 0; i < timeline->lane_count; i++)
		count += timeline->lanes[i].kind == LANE_WORKER &&
			 timeline->lanes[i].end == end;
	return count;
}

static size_t
count_clients(const struct timeline *timeline)
{
	size_t count = 0;

	for (size_t i = 0; i < timeline->lane_count; i++)
		count += timeline->lanes[i].kind == LANE_CLIENT;
	return count;
}

/* "1 worker", "2 workers" */
static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

char *
timeline_name(const struct timeline *timeline, bool zh, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < timeline->log_count && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s",
		    i == 0 ? ""
		    : zh   ? " 与 "
			   : " and ",
		    timeline->logs[i].program);
	return buf;
}

/* "12 workers in 1.24 s, 3 at once at most, 1 killed" */
static size_t
summarize_workers(const struct timeline *t, bool zh, char *buf, size_t size)
{
	size_t killed = count_ends(t, LANE_KILLED);
	size_t cut = count_ends(t, LANE_CUT), n;
	char number[32], time[16];

	format_number(number, sizeof(number), (double)t->workers);
	format_duration(time, sizeof(time), (double)t->span);
	n = (size_t)(zh ? snprintf(buf, size,
			      "%s 个 worker，历时 %s，最多同时 %zu 个", number,
			      time, t->at_once)
			: snprintf(buf, size,
			      "%s worker%s in %s, %zu at once at most", number,
			      plural(t->workers), time, t->at_once));
	if (killed)
		n += (size_t)snprintf(buf + n, size - n,
		    zh ? "，%zu 个被杀死" : ", %zu killed", killed);
	if (cut)
		n += (size_t)snprintf(buf + n, size - n,
		    zh ? "，%zu 个被服务器终止" : ", %zu ended by the server",
		    cut);
	return n;
}

char *
timeline_summary(
    const struct timeline *timeline, bool zh, char *buf, size_t size)
{
	size_t n = 0, clients = count_clients(timeline);

	if (!timeline->workers && !clients)
		snprintf(buf, size, "%s",
		    zh ? "还没有 worker" : "no client has had a worker yet");
	if (timeline->workers)
		n = summarize_workers(timeline, zh, buf, size);
	if (clients)
		snprintf(buf + n, size - n,
		    zh ? "%s%zu 个客户端连接" : "%s%zu client connection%s",
		    n ? zh ? "，" : ", " : "", clients, plural(clients));
	return buf;
}

char *
timeline_lane_name(const struct lane *lane, bool zh, char *buf, size_t size)
{
	unsigned long long number = lane->connection;

	if (lane->kind == LANE_LOOP)
		snprintf(buf, size, "%s", zh ? "accept 循环" : "accept loop");
	else if (lane->kind == LANE_CLIENT)
		snprintf(buf, size, zh ? "客户端 %llu" : "client %llu", number);
	else
		snprintf(buf, size, "%llu", number);
	return buf;
}

char *
timeline_lane_end(const struct lane *lane, bool zh, char *buf, size_t size)
{
	const char *name = sigabbrev_np(lane->signal);

	buf[0] = '\0';
	if ((lane->end == LANE_KILLED || lane->end == LANE_CUT) && name)
		snprintf(buf, size, "SIG%s", name);
	else if (lane->end == LANE_KILLED)
		snprintf(buf, size, "%s", zh ? "被杀死" : "killed");
	else if (lane->end == LANE_ENDED && lane->outcome == OUTCOME_TIMED_OUT)
		snprintf(buf, size, "%s", zh ? "超时" : "timed out");
	else if (lane->end == LANE_ENDED && lane->outcome == OUTCOME_FAILED)
		snprintf(buf, size, "%s", zh ? "失败" : "failed");
	return buf;
}

const char *
timeline_warning(
    const struct timeline *timeline, size_t n, bool zh, char *buf, size_t size)
{
	if (timeline->lane_count > 0 && !timeline->span && n-- == 0) {
		snprintf(buf, size, "%s",
		    zh ? "所有事件都在同一时刻：条形没有长度"
		       : "all events are of one moment: the bars have no "
			 "length");
		return buf;
	}
	for (size_t i = 0; i < timeline->log_count; i++) {
		const struct trace_log *log = &timeline->logs[i];
		char number[32];

		format_number(number, sizeof(number), (double)log->lost);
		if (log->lost && n-- == 0) {
			snprintf(buf, size,
			    zh ? "环形缓冲区已满：最早的 %s 个事件已丢失"
			       : "the ring was full: the oldest %s event%s "
				 "lost",
			    number, log->lost == 1 ? " is" : "s are");
			return buf;
		}
		format_number(number, sizeof(number), (double)log->damaged);
		if (log->damaged && n-- == 0) {
			snprintf(buf, size,
			    zh ? "%s 个事件不完整，已忽略"
			       : "%s event%s incomplete or damaged, and left "
				 "out",
			    number, log->damaged == 1 ? " is" : "s are");
			return buf;
		}
	}
	return NULL;
}

const char *
timeline_nothing(const struct timeline_view *view)
{
	if (view->count > 0 || !view->timeline->lane_count)
		return NULL;
	return view->zh ? "这段时间内没有任何事件：请选择别的 --from 和 --to"
			: "nothing happened in this window: choose another "
			  "--from and --to";
}

/* ---- headings ---- */

const char *
timeline_number_name(bool zh)
{
	return zh ? "连接" : "conn";
}

const char *
timeline_id_name(const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->lane_count; i++) {
		const struct lane *lane = &timeline->lanes[i];

		if (lane->kind == LANE_WORKER && lane->pid)
			return lane->pid == lane->tid ? "pid" : "tid";
	}
	return "pid";
}
