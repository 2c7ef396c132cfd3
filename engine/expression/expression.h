#pragma once
/*
 * The expression language of workflows (docs/expressions.md): a text is parsed
 * into a tree, the tree is resolved with the names that are known so far, and
 * what is still unknown prints back as an expression of the same meaning. Trees
 * are never changed once made and live as long as the arena of their maker, so
 * parts are shared freely. No file, process, locale or clock is touched, but for
 * date(). All limits: limits.h.
 *
 * A value that a name stands for is data: it is never read as an expression.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/value/value.h"

struct expression;

/* Text -> tree; nothing is calculated yet. NULL with ERROR_INPUT, and
 * error->place.mark.offset is the byte of `text` where the problem is (the line
 * stays 0). The empty text is none. */
struct expression *expression_parse(struct arena *arena, const char *text,
                                    size_t length, struct error *error);

/* A call of a function whose arguments are known; spread lists are spread. */
struct expression_call {
    const char *name;
    size_t length;
    const struct value *const *arguments;
    size_t count;
};

/* Somebody who knows names or functions. Several are asked in the order of the
 * chain. Each callback (NULL: knows none) returns 1 with *answer set, 0 when the
 * name is not known here, -1 with the error set. An answer is resolved further.
 * Names are whole ("a.b.c") first, then their beginnings: when only "a" is
 * known, ".b.c" is looked up in its value. Functions are asked once all their
 * arguments are static, after the library's own; none is VALUE_NULL. */
struct expression_names {
    int (*name)(void *context, struct arena *arena, const char *name,
                size_t length, const struct expression **answer,
                struct error *error);
    int (*call)(void *context, struct arena *arena,
                const struct expression_call *call,
                const struct expression **answer, struct error *error);
    void *context;
    const struct expression_names *next;
};

/* The files that file(path) and glob(pattern...) see, and the current folder. */
struct expression_files {
    const char *folder; /* absolute and clean: where relative paths begin */
    /* The bytes of the file at an absolute path, in `arena`; NULL with the
     * error set. More than EXPRESSION_STRING_LIMIT is an error. */
    const char *(*read)(void *context, struct arena *arena, const char *path,
                        size_t *length, struct error *error);
    /* Tells of each entry of a folder, in any order; of one that is not there
     * or cannot be read, nothing. Stops when `found` gives false. */
    void (*list)(void *context, const char *path,
                 bool (*found)(void *list, const char *name, bool is_folder),
                 void *list);
    void *context;
};

/* Somebody who knows file(), glob() and `workingDir`; `files` must live as long.
 * glob() gives the absolute paths of files in the order of their names. */
struct expression_names expression_files_names(struct expression_files *files);

/* The tree with everything calculated that can be; `names` may be NULL. NULL
 * with ERROR_INPUT and the offset of the part that failed. */
const struct expression *
expression_resolve(struct arena *arena, const struct expression *expression,
                   const struct expression_names *names, struct error *error);

/* Whether nothing is unknown, and then the value (none is VALUE_NULL), its text
 * as a template shows it, and whether it counts as true. Of an expression that
 * is not static: NULL and false. */
bool expression_is_static(const struct expression *expression);
const struct value *expression_value(struct arena *arena,
                                     const struct expression *expression);
char *expression_text(struct arena *arena, const struct expression *expression);
bool expression_truth(const struct expression *expression);

/* Making. expression_of_value shares the value, which must live as long; NULL
 * and VALUE_NULL are none (a null inside a list or map stays a null). */
const struct expression *expression_none(void);
const struct expression *expression_of_value(struct arena *arena,
                                             const struct value *value);
const struct expression *expression_of_string(struct arena *arena,
                                              const char *string);
const struct expression *expression_of_name(struct arena *arena,
                                            const char *name);

/* Appends the expression in its own language, with the parentheses that it
 * needs; reading it again gives the same text. */
void expression_print(struct text *text, const struct expression *expression);

/* Calls `found` with every name of a variable in it (a name used twice, twice);
 * names of functions are not among them. */
void expression_visit_names(const struct expression *expression,
                            void (*found)(void *context, const char *name,
                                          size_t length),
                            void *context);

/* What is still unknown, for "unknown variable 'x'". */
struct expression_reference {
    const char *name;
    size_t length;
    size_t offset; /* in the text that was parsed */
    bool call;     /* a function */
};

/* The first variable, or function that is not the library's; false: none. */
bool expression_first_name(const struct expression *expression,
                           struct expression_reference *reference);

/* Calls `found` with every function call in it, arguments before their call. */
void expression_visit_calls(
    const struct expression *expression,
    void (*found)(void *context, const struct expression_reference *call),
    void *context);

/* Calls `found` with every name of a variable and every call, as they stand. */
void expression_visit_references(
    const struct expression *expression,
    void (*found)(void *context, const struct expression_reference *reference),
    void *context);

/* Where a function can be called: jq, yaml and toyaml need libraries that the
 * program in the pod does not have; file and glob look at its files. */
enum expression_function {
    FUNCTION_UNKNOWN,
    FUNCTION_ANYWHERE,
    FUNCTION_BEFORE_RUN,
    FUNCTION_IN_RUN,
};
enum expression_function expression_function_of(const char *name,
                                                size_t length);

/* What is no error and probably not meant. */
struct expression_finding {
    const char *code; /* "W410": docs/diagnostics.md */
    size_t offset;    /* in the text */
    const char *text; /* what it does */
    const char *hint; /* what to write */
};

/* Tells of mixed && and ||, chained choices, a minus that takes in the rest,
 * numbers that are compared as texts, and, of a condition, that it is constant.
 * A text that cannot be parsed has no findings. */
void expression_lint(const char *text, size_t length, bool is_condition,
                     void (*found)(void *context,
                                   const struct expression_finding *finding),
                     void *context);

/* The same of every block of a template, up to one that cannot be read. */
void expression_template_lint(
    const char *text, size_t length,
    void (*found)(void *context, const struct expression_finding *finding),
    void *context);

/* Text with {{ blocks }}. The extension `{{ if x }} {{ else if y }} {{ else }}
 * {{ end }}`, with - inside the braces to trim white space, is part of it. */
struct expression_template;

/* As expression_parse; offsets are those of the template's text. */
struct expression_template *expression_template_parse(struct arena *arena,
                                                      const char *text,
                                                      size_t length,
                                                      struct error *error);
const struct expression_template *expression_template_resolve(
    struct arena *arena, const struct expression_template *template,
    const struct expression_names *names, struct error *error);
bool expression_template_is_static(const struct expression_template *template);

/* The text of a static template, NUL-terminated; NULL when it is not static or
 * is longer than EXPRESSION_STRING_LIMIT. */
char *expression_template_text(struct arena *arena,
                               const struct expression_template *template,
                               size_t *length);

/* Appends the template as template text that reads back as the same: braces in
 * its plain text are written as {{"{{"}} where they would start a block. */
void expression_template_print(struct text *text,
                               const struct expression_template *template);

/* Appends plain text as template text, as above. */
void expression_template_escape(struct text *text, const char *bytes,
                                size_t length);

/* The one block of a template that is nothing else (white space around it does
 * not count), so that a list can take the place of an element; else NULL. A
 * name with a wildcard is joined, not spliced: NULL. */
const struct expression *
expression_template_sole(const struct expression_template *template);

/* One expression that gives the text of the template, or the value of its sole
 * block. NULL with ERROR_INPUT when it would be too deep. */
const struct expression *
expression_of_template(struct arena *arena,
                       const struct expression_template *template,
                       struct error *error);

/* Whether the text that was parsed uses `{{ if }}`. */
bool expression_template_uses_blocks(
    const struct expression_template *template);

/* As for expressions; conditions included. */
void expression_template_visit_names(const struct expression_template *template,
                                     void (*found)(void *context,
                                                   const char *name,
                                                   size_t length),
                                     void *context);
void expression_template_visit_calls(
    const struct expression_template *template,
    void (*found)(void *context, const struct expression_reference *call),
    void *context);
void expression_template_visit_references(
    const struct expression_template *template,
    void (*found)(void *context, const struct expression_reference *reference),
    void *context);
bool expression_template_first_name(const struct expression_template *template,
                                    struct expression_reference *reference);

/* As expression_template_visit_names without the conditions of `{{ if }}`: the
 * names whose values become part of the text. */
void expression_template_visit_shown(const struct expression_template *template,
                                     void (*found)(void *context,
                                                   const char *name,
                                                   size_t length),
                                     void *context);

/* The same without blocks that are nothing but a call of `function`, such as
 * {{ shellquote(x) }}, when `leave_out` says so; `offset` is that of the call. */
void expression_template_visit_shown_outside(
    const struct expression_template *template, const char *function,
    bool (*leave_out)(void *context, size_t offset),
    void (*found)(void *context, const char *name, size_t length),
    void *context);
