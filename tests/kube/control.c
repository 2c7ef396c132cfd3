/* A table of what can be told, and one function each. */
#include "tests/kube/control.h"

#include <string.h>

#include "engine/base/diagnostics.h"

static void send_done(struct call *call)
{
    status_send_value(call->response, 200, value_make_map(call->arena));
}

static void get_counts(struct call *call)
{
    status_send_value(call->response, 200,
                      counts_describe(call->arena, &call->cluster->counts));
}

static void clear_counts(struct call *call)
{
    call->cluster->counts = (struct counts){0};
    send_done(call);
}

static void add_rules(struct call *call)
{
    struct error error = {0};
    struct diagnostics found = diagnostics_make(call->arena, "rules");
    const struct value *documents = value_read_yaml(
        call->arena, call->request->body, call->request->body_length, &found);
    if (!documents)
        status_send(call->arena, call->response, 400, NULL,
                    found.items[0].text);
    else if (rules_add(&call->cluster->rules, value_item(documents, 0),
                       &error) < 0)
        status_send(call->arena, call->response, 400, NULL, error.text);
    else
        send_done(call);
}

static void clear_rules(struct call *call)
{
    rules_clear(&call->cluster->rules);
    send_done(call);
}

static void expire(struct call *call)
{
    store_forget(&call->cluster->store);
    send_done(call);
}

static const struct {
    const char *method, *name;
    void (*answer)(struct call *call);
} controls[] = {
    {"GET", "counts", get_counts}, {"DELETE", "counts", clear_counts},
    {"POST", "rules", add_rules},  {"DELETE", "rules", clear_rules},
    {"POST", "expire", expire},
};

void control_answer(struct call *call)
{
    const struct http_request *request = call->request;
    const char *name = request->segment_count == 2 ? request->segments[1] : "";
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
        if (strcmp(controls[i].method, request->method) != 0 ||
            strcmp(controls[i].name, name) != 0)
            continue;
        controls[i].answer(call);
        return;
    }
    status_send_missing(call->arena, call->response, NULL);
}
