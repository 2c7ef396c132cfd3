/*
 * Scripts: parameters in their text (W421), downloads (W425), hidden failures (W426).
 * The scanner gives the commands one after the other, those in $( ) before the one
 * around them; for each depth is kept what the list of commands before has done.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/workflow/limits.h"
#include "engine/workflow/lint.h"
#include "engine/workflow/shell_program.h"
#include "engine/workflow/shell_text.h"

/* A piece of the script; length 0: none. */
struct piece {
    size_t offset, length;
};

struct level {
    enum shell_operator before; /* the command that comes */
    struct piece question; /* to the cluster, in this list: its status counts */
    bool silent;           /* ... and its message is dropped */
    struct piece fetched;  /* curl or wget, in this pipeline */
    struct piece inner;    /* a question in $( ) of the command to come */
    bool inner_silent;
};

struct visit {
    struct lint *lint;
    const struct value *text;
    struct level levels[SHELL_DEPTH_LIMIT + 1];
};

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++) /* most differ in their first letter */
        if (**list == *word && strcmp(word, *list) == 0)
            return true;
    return false;
}

/* A command as the lints see it. */
struct call {
    const struct shell_command *command;
    size_t at; /* the program among its words; their number: there is none */
    const char *name;
    const struct shell_program *program;
};

static void look_up(struct call *call)
{
    const struct shell_command *command = call->command;
    call->name = call->at < command->count
                     ? shell_program_name(command->words[call->at].text)
                     : "";
    call->program = shell_program_find(call->name);
}

/* The program that is meant: that of sudo, timeout and so on. */
static struct call call_of(const struct shell_command *command)
{
    struct call call = {.command = command};
    size_t last = command->count;
    look_up(&call);
    while (call.at + 1 < last && call.program->roles & SHELL_WRAPS) {
        bool timeout = strcmp(call.name, "timeout") == 0;
        call.at++;
        while (call.at + 1 < last &&
               (command->words[call.at].text[0] == '-' ||
                strchr(command->words[call.at].text, '=')))
            call.at++;
        call.at += timeout && call.at + 1 < last;
        look_up(&call);
    }
    return call;
}

/* The first word after `at` that is no option; "" when there is none. */
static const char *next_operand(const struct shell_command *command, size_t at)
{
    while (++at < command->count)
        if (command->words[at].text[0] != '-')
            return command->words[at].text;
    return "";
}

static bool has_word(const struct shell_command *command, const char *word)
{
    for (size_t i = 0; i < command->count; i++)
        if (strcmp(command->words[i].text, word) == 0)
            return true;
    return false;
}

static bool is_install(const struct call *call)
{
    const struct shell_command *command = call->command;
    bool module = strncmp(call->name, "python", 6) == 0;
    if (!module && !call->program->installs[0])
        return false;
    const char *operand = next_operand(command, call->at);
    if (module)
        return has_word(command, "-m") && strcmp(operand, "pip") == 0 &&
               has_word(command, "install") &&
               !has_word(command, "--require-hashes");
    return shell_program_installs(call->program, operand) &&
           !has_word(command, "--require-hashes") &&
           !has_word(command, "--no-network");
}

static struct piece piece_of(const struct shell_command *command, size_t first,
                             size_t last)
{
    const struct shell_word *end = &command->words[last];
    size_t offset = command->words[first].offset;
    return (struct piece){offset, end->offset + end->length - offset};
}

static void report_download(struct visit *visit, struct piece piece,
                            const char *what)
{
    lint_report(visit->lint,
                &(struct lint_finding){
                    "W425", visit->text, piece.offset, piece.length,
                    "take an image that has the program, pinned by its digest"},
                "%s each time the step runs", what);
}

static void check_install(struct visit *visit, const struct call *call)
{
    if (!is_install(call))
        return;
    const struct shell_command *command = call->command;
    size_t last = call->at + 1;
    const char *operand = next_operand(command, call->at);
    while (last + 1 < command->count &&
           strcmp(command->words[last].text, operand) != 0)
        last++;
    report_download(visit, piece_of(command, call->at, last),
                    "programs are downloaded");
}

/* Whether a script is given to a shell by the words around the command. */
static bool is_in_shell(const struct shell_command *command)
{
    const struct shell_command *outer = command->outer;
    if (!outer || outer->count == 0)
        return false;
    const char *name = shell_program_name(outer->words[0].text);
    return shell_program_find(name)->roles & SHELL_RUNS;
}

static void check_fetch(struct visit *visit, struct level *level,
                        const struct call *call)
{
    if (level->before != SHELL_PIPE)
        level->fetched.length = 0;
    unsigned roles = call->program->roles;
    if (!(roles & (SHELL_FETCHES | SHELL_RUNS)))
        return;
    if (roles & SHELL_FETCHES)
        level->fetched = piece_of(call->command, call->at, call->at);
    if (level->fetched.length > 0 &&
        (roles & SHELL_RUNS || is_in_shell(call->command))) {
        report_download(visit, level->fetched,
                        "a script is downloaded and run");
        level->fetched.length = 0;
    }
}

/* Questions to the cluster whose failure means that nothing was looked at. */
static bool is_question(const struct call *call)
{
    static const char *const harmless[] = {
        "delete", "describe", "logs", "version", "config", "completion", NULL};
    if (!(call->program->roles & SHELL_ASKS))
        return false;
    for (size_t i = call->at + 1; i < call->command->count; i++)
        if (is_one_of(call->command->words[i].text, harmless))
            return false;
    return true;
}

static bool is_zero(const struct shell_command *command, size_t at)
{
    return at + 1 < command->count &&
           strcmp(command->words[at + 1].text, "0") == 0;
}

/* Whether this command, after `||`, makes the failure a success. When not even the
 * message is left, saying something of one's own does so too. */
static bool hides(const struct shell_command *command, bool silent)
{
    static const char *const always[] = {"true", ":", "continue", "break",
                                         NULL};
    static const char *const ends[] = {"exit", "return", NULL};
    static const char *const talk[] = {"echo", "printf", NULL};
    const char *assigned = strchr(command->assignment.text, '=');
    if (command->count == 0) /* x="" in place of what was asked for */
        return command->assigns && assigned && assigned[1] == '\0';
    const char *name = command->words[0].text;
    if (is_one_of(name, always) ||
        (is_one_of(name, ends) && is_zero(command, 0)))
        return true;
    return silent && is_one_of(name, talk) && command->after != SHELL_AND;
}

static void check_hidden(struct visit *visit, const struct level *level,
                         const struct shell_command *command)
{
    if (level->before != SHELL_OR || level->question.length == 0 ||
        command->grouped || !hides(command, level->silent))
        return;
    const struct shell_word *word =
        command->count > 0 ? &command->words[0] : &command->assignment;
    const char *asked = visit->text->string.bytes + level->question.offset;
    size_t length = level->question.length;
    lint_report(visit->lint,
                &(struct lint_finding){
                    "W426", visit->text, word->offset, word->length,
                    "end with a failure (|| exit 1), or keep the status "
                    "(|| status=$?)"},
                "'%.*s' may fail, for want of access or of the object, and "
                "'|| %s' hides it",
                (int)(length < 60 ? length : 60), asked, word->text);
}

/* Remembers the question that the status of this list depends on. */
static void note_question(struct level *level, const struct call *call)
{
    const struct shell_command *command = call->command;
    size_t at = call->at;
    bool list = level->before == SHELL_PIPE || level->before == SHELL_OR ||
                level->before == SHELL_AND;
    if (!list) {
        level->question.length = 0;
        level->silent = false;
    }
    bool wrapped = command->count == 0 && level->inner.length > 0;
    if (wrapped)
        level->question = level->inner;
    else if (is_question(call))
        level->question =
            piece_of(command, at, at + 1 < command->count ? at + 1 : at);
    else
        return;
    level->silent = command->errors_dropped || (wrapped && level->inner_silent);
}

static void visit_command(void *context, const struct shell_command *command)
{
    struct visit *visit = context;
    struct level *level = &visit->levels[command->depth];
    bool any = command->count > 0 || command->assigns || command->grouped;
    if (any) {
        struct call call = call_of(command);
        check_install(visit, &call);
        check_fetch(visit, level, &call);
        check_hidden(visit, level, command);
        note_question(level, &call);
        level->inner.length = 0;
    }
    level->before = command->after;
    if (command->after != SHELL_CLOSE)
        return;
    struct level *outer = &visit->levels[command->depth - 1];
    if (level->question.length > 0) {
        outer->inner = level->question;
        outer->inner_silent = level->silent;
    }
    *level = (struct level){0};
}

/* Whether a shell cannot take a value of the parameter for code. */
static bool is_safe_parameter(const struct value *entry)
{
    static const char *const types[] = {"integer", "number", "boolean", NULL};
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./:@%+,-";
    const char *type = value_string_at(entry, "type");
    if (type && is_one_of(type, types))
        return true;
    const struct value *values = value_get(entry, "enum");
    for (size_t i = 0; i < value_count(values); i++) {
        const char *text = value_string(value_item(values, i));
        if (!text || text[0] == '-' || strspn(text, plain) != strlen(text))
            return false;
    }
    return value_count(values) > 0;
}

struct names {
    struct lint *lint;
    const struct value *text;
    struct value *seen; /* parameters that were reported in this text */
    const char *block;  /* names come in the order of the text */
    int missed;         /* names that were not found: the search is bounded */
    struct shell_place place;
};

static bool is_name_character(char character)
{
    return character == '_' || character == '.' || character == '-' ||
           isalnum((unsigned char)character);
}

/* Whether the block, whose inner text begins at `at`, shows nothing: {{ if x }}. */
static bool is_condition(const char *at)
{
    at += *at == '-';
    at += strspn(at, " \t\n");
    return strncmp(at, "if ", 3) == 0 || strncmp(at, "else ", 5) == 0;
}

/* Where the name stands as a whole, or NULL. A block has braces around it. */
static const char *find_in_block(const char *at, const char *end,
                                 const char *name, size_t length)
{
    while ((at = memmem(at, (size_t)(end - at), name, length))) {
        if (!is_name_character(at[length]) && !is_name_character(at[-1]))
            return at;
        at += length;
    }
    return NULL;
}

/* The next place in a block where the name stands, or NULL; `*block` is set to
 * the beginning of that block. */
static const char *find_name(const char **block, const char *end,
                             const char *name, size_t length)
{
    const char *at = *block;
    while ((at = memmem(at, (size_t)(end - at), "{{", 2))) {
        const char *start = at + 2;
        const char *stop = memmem(start, (size_t)(end - start), "}}", 2);
        if (!stop)
            return NULL;
        const char *found = is_condition(start)
                                ? NULL
                                : find_in_block(start, stop, name, length);
        if (found) {
            *block = at;
            return found;
        }
        at = stop + 2;
    }
    return NULL;
}

static void visit_name(void *context, const char *name, size_t length)
{
    static const char prefix[] = "config.";
    struct names *names = context;
    struct lint *lint = names->lint;
    size_t skip = strlen(prefix);
    if (length <= skip || memcmp(name, prefix, skip) != 0)
        return;
    const struct value *entry = value_get_bytes(
        value_path(lint->document, "spec.config"), name + skip, length - skip);
    if (!entry || is_safe_parameter(entry) ||
        value_get_bytes(names->seen, name, length))
        return;
    value_set_bytes(lint->arena, names->seen, name, length,
                    value_make_null(lint->arena));
    const char *bytes = names->text->string.bytes;
    const char *found = NULL;
    if (names->missed < 10)
        found = find_name(&names->block, bytes + names->text->string.length,
                          name, length);
    names->missed += !found;
    size_t offset = found ? (size_t)(found - bytes) : 0;
    char hint[256];
    snprintf(hint, sizeof hint,
             "an `env` entry with value \"{{ config.%.60s }}\", and "
             "\"$VARIABLE\" in the script",
             name + skip);
    lint_report(lint,
                &(struct lint_finding){"W421", names->text, offset,
                                       found ? length : 0, hint},
                "the value of '%.*s' becomes code of the shell",
                (int)(length < 100 ? length : 100), name);
}

/* {{ shellquote(x) }} is data where a shell parts words. */
static bool is_quoted(void *context, size_t offset)
{
    struct names *names = context;
    return shell_text_parts_words(&names->place, names->text->string.bytes,
                                  names->text->string.length, offset);
}

static void check_parameters(struct lint *lint, const struct value *text)
{
    if (!has_block(text))
        return;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct expression_template *template = expression_template_parse(
        arena, text->string.bytes, text->string.length, &error);
    if (!template)
        return; /* E201 */
    struct names names = {.lint = lint,
                          .text = text,
                          .seen = value_make_map(lint->arena),
                          .block = text->string.bytes};
    expression_template_visit_shown_outside(template, "shellquote", is_quoted,
                                            visit_name, &names);
}

void lint_shell(struct lint *lint, const struct value *text)
{
    check_parameters(lint, text);
    struct visit visit = {.lint = lint, .text = text};
    shell_text_visit(text->string.bytes, text->string.length, visit_command,
                     &visit);
}

static bool is_code_flag(const char *word)
{
    size_t length = strlen(word);
    return length >= 2 && word[0] == '-' && word[length - 1] == 'c';
}

void lint_arguments(struct lint *lint, const struct value *map)
{
    const struct value *lists[] = {value_get(map, "command"),
                                   value_get(map, "args")};
    const size_t most = WORKFLOW_ARGUMENTS_LIMIT;
    bool shell = false, code = false;
    for (size_t i = 0; i < 2 * most; i++) {
        const struct value *list = lists[i / most];
        const struct value *item =
            value_is(list, VALUE_LIST) ? value_item(list, i % most) : NULL;
        const char *word = value_string(item);
        if (!item || !word)
            continue;
        if (code) {
            lint_shell(lint, item);
            return;
        }
        const char *name = shell_program_name(word);
        shell = shell || shell_program_find(name)->roles & SHELL_RUNS;
        code = shell && is_code_flag(word);
    }
}
