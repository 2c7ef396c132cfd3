#pragma once
/*
 * For the tests of the runtime: plans from JSON, and a sink that writes events
 * down, one a line:
 *
 *     started {"sandbox":"none",...}
 *     begin 1#1
 *     print 1 <bytes, as they came, successive ones of a step joined>
 *     end 1 passed 0 (reason)
 *     pause 1
 *     resume 1
 *     artifact 1 {"name":"a",...}
 *     note TEXT
 *     finished passed (reason)
 */
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "engine/base/text.h"
#include "engine/event/event.h"
#include "engine/plan/plan.h"

#define TEST_TOKEN "00112233445566778899aabbccddeeff"

/* A tree from JSON in which ' stands for ". */
static inline const struct value *make_value(struct arena *arena,
                                             const char *json)
{
    struct error error = {0};
    char *text = arena_string(arena, json);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    struct value *value = value_read_json(arena, text, strlen(text), &error);
    if (!value)
        fail_msg("%s in: %s", error.text, text);
    return value;
}

/* A plan with one ConfigMap 'run' (run.json, empty) and one Secret 'run' (token;
 * password = "hush", binary = a NUL byte). */
static inline struct plan make_plan(struct arena *arena, const char *pod,
                                    const char *run)
{
    return (struct plan){
        .run_id = "0123456789abcdef",
        .token = TEST_TOKEN,
        .workflow = "test",
        .run = make_value(arena, run),
        .images = make_value(arena, "['alpine']"),
        .config_map = make_value(arena, "{'metadata':{'name':'run'},"
                                        "'data':{'run.json':'{}','b':'two'},"
                                        "'binaryData':{'a':'AQID'}}"),
        .secret =
            make_value(arena, "{'metadata':{'name':'run'},"
                              "'data':{'password':'aHVzaA==','binary':'AA=='},"
                              "'stringData':{'token':'" TEST_TOKEN "'}}"),
        .job = make_value(arena,
                          "{'metadata':{'name':'job-1'},'spec':{'template':{"
                          "'metadata':{'labels':{'app':'shop'}}}}}"),
        .pod = make_value(arena, pod),
    };
}

struct recorder {
    struct event_sink sink; /* first */
    struct text log;
    bool quiet;        /* count output and do not write it down */
    size_t output;     /* bytes */
    size_t outputs;    /* events */
    char printing[64]; /* whose output the last line is */
    int fail_at;       /* fails at this event, from 1; 0: never */
    int seen;
};

static inline void record_output(struct recorder *recorder,
                                 const struct event *event)
{
    recorder->output += event->length;
    recorder->outputs++;
    if (recorder->quiet)
        return;
    if (strcmp(recorder->printing, event->step) != 0) {
        snprintf(recorder->printing, sizeof recorder->printing, "%s",
                 event->step);
        text_append_format(&recorder->log, "print %s ", event->step);
    }
    text_append(&recorder->log, event->text, event->length);
}

static inline void record_step(struct text *log, const struct event *event)
{
    if (event->kind == EVENT_STEP_STARTED)
        text_append_format(log, "begin %s#%d\n", event->step, event->attempt);
    else
        text_append_format(log, "end %s %s %d%s%s%s\n", event->step,
                           event_status_name(event->status), event->exit_code,
                           event->text ? " (" : "",
                           event->text ? event->text : "",
                           event->text ? ")" : "");
}

static inline void record_other(struct text *log, const struct event *event)
{
    if (event->kind == EVENT_RUN_STARTED) {
        text_append_string(log, "started ");
        value_write_json(log, event->data, JSON_COMPACT);
        text_append_string(log, "\n");
    } else if (event->kind == EVENT_STEP_PAUSED ||
               event->kind == EVENT_STEP_RESUMED) {
        text_append_format(
            log, "%s %s\n",
            event->kind == EVENT_STEP_PAUSED ? "pause" : "resume", event->step);
    } else if (event->kind == EVENT_ARTIFACT) {
        text_append_format(log, "artifact %s ", event->step);
        value_write_json(log, event->data, JSON_COMPACT);
        text_append_string(log, "\n");
    } else if (event->kind == EVENT_NOTE) {
        text_append_format(log, "note %s\n", event->text);
    } else {
        text_append_format(
            log, "finished %s%s%s%s\n", event_status_name(event->status),
            event->text ? " (" : "", event->text ? event->text : "",
            event->text ? ")" : "");
    }
}

static inline int record(struct event_sink *sink, const struct event *event,
                         struct error *error)
{
    struct recorder *recorder = (struct recorder *)sink;
    if (++recorder->seen == recorder->fail_at)
        return error_set(error, ERROR_SYSTEM, "the reader is full");
    assert_true(event->time > 0);
    if (event->kind == EVENT_OUTPUT) {
        record_output(recorder, event);
        return 0;
    }
    if (recorder->printing[0] != '\xff' && recorder->log.length > 0 &&
        recorder->log.data[recorder->log.length - 1] != '\n')
        text_append_string(&recorder->log, "|\n");
    strcpy(recorder->printing, "\xff");
    if (event->kind == EVENT_STEP_STARTED || event->kind == EVENT_STEP_FINISHED)
        record_step(&recorder->log, event);
    else
        record_other(&recorder->log, event);
    return 0;
}

static inline struct recorder make_recorder(void)
{
    return (struct recorder){.sink = {record}, .printing = "\xff"};
}
