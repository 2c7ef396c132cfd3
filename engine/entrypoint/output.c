#include "engine/entrypoint/output.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/entrypoint/verdict.h"

static int send(struct output *output, struct error *error)
{
    const struct text *buffer = &output->buffer;
    if (buffer->length == 0)
        return 0;
    output->inside_line = buffer->data[buffer->length - 1] != '\n';
    if (file_write_all(output->descriptor, buffer->data, buffer->length) < 0)
        return error_set_system(error, "cannot write the output");
    return 0;
}

int output_write(struct output *output, const char *bytes, size_t length,
                 struct error *error)
{
    if (mask_is_empty(output->mask)) {
        output->inside_line = bytes[length - 1] != '\n';
        if (file_write_all(output->descriptor, bytes, length) < 0)
            return error_set_system(error, "cannot write the output");
        return 0;
    }
    text_clear(&output->buffer);
    mask_push(output->mask, bytes, length, &output->buffer);
    return send(output, error);
}

int output_finish(struct output *output, struct error *error)
{
    text_clear(&output->buffer);
    mask_finish(output->mask, &output->buffer);
    return send(output, error);
}

static void append_string(struct text *text, const char *name,
                          const char *string)
{
    struct value value = {.kind = VALUE_STRING};
    value.string.bytes = string;
    value.string.length = strlen(string);
    text_append_format(text, ",\"%s\":", name);
    value_write_json(text, &value, JSON_COMPACT);
}

static void begin(struct output *output, const char *event,
                  const struct step *step)
{
    struct text *line = &output->buffer;
    text_clear(line);
    text_append_format(line, "%s::assay:%s:{\"event\":\"%s\"",
                       output->inside_line ? "\n" : "", output->token, event);
    if (step)
        append_string(line, "step", step->ref);
    text_append_format(line, ",\"time\":%lld", (long long)clock_now());
    if (output->inside_line)
        text_append_string(line, ",\"joined\":true");
}

static int end(struct output *output, struct error *error)
{
    text_append_string(&output->buffer, "}\n");
    return send(output, error);
}

int output_start(struct output *output, const struct step *step, int attempt,
                 struct error *error)
{
    begin(output, "start", step);
    text_append_format(&output->buffer, ",\"attempt\":%d", attempt);
    return end(output, error);
}

int output_end(struct output *output, const struct step *step,
               const char *reason, struct error *error)
{
    begin(output, "finish", step);
    append_string(&output->buffer, "status", verdict_name(step->status));
    if (step->exit_code >= 0)
        text_append_format(&output->buffer, ",\"exitCode\":%d",
                           step->exit_code);
    text_append_format(&output->buffer, ",\"duration\":%lld",
                       (long long)step->duration);
    if (reason && reason[0]) {
        CLEANUP(text_free) struct text masked = {0};
        mask_push(output->mask, reason, strlen(reason), &masked);
        mask_finish(output->mask, &masked);
        append_string(&output->buffer, "reason", text_string(&masked));
    }
    return end(output, error);
}

int output_mark(struct output *output, const char *event,
                const struct step *step, struct error *error)
{
    begin(output, event, step);
    return end(output, error);
}

int output_artifact(struct output *output, const struct step *step,
                    const struct output_file *file, struct error *error)
{
    CLEANUP(text_free) struct text masked = {0};
    mask_push(output->mask, file->name, strlen(file->name), &masked);
    mask_finish(output->mask, &masked);
    begin(output, "artifact", step);
    append_string(&output->buffer, "name", text_string(&masked));
    append_string(&output->buffer, "file", file->file);
    text_append_format(&output->buffer, ",\"size\":%lld",
                       (long long)file->size);
    if (file->compress)
        text_append_string(&output->buffer, ",\"compress\":true");
    return end(output, error);
}

int output_done(struct output *output, enum step_status status,
                struct error *error)
{
    begin(output, "done", NULL);
    append_string(&output->buffer, "status", verdict_name(status));
    return end(output, error);
}

int output_say(struct output *output, const char *text, struct error *error)
{
    CLEANUP(text_free) struct text line = {0};
    if (output_finish(output, error) < 0)
        return -1;
    text_append_format(&line, "%sassay: %s\n", output->inside_line ? "\n" : "",
                       text);
    if (output_write(output, line.data, line.length, error) < 0)
        return -1;
    return output_finish(output, error);
}
