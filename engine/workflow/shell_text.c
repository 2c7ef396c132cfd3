/*
 * Script -> commands (POSIX.1-2017, XCU 2: shell command language; with what bash
 * adds and scripts use: |&, &>, <<<, $'', <( )). One pass from left to right. Two
 * stacks: the parts that the place stands in (commands, double quotes, ${ }), and
 * for each part of commands the command that is being read. `{{ }}` of workflows is one
 * piece of a word, but for `{{ if }}`, `{{ else }}` and `{{ end }}`, which are like
 * blanks. A text that is no valid script gives some commands, never an error.
 */
#include "engine/workflow/shell_text.h"

#include <ctype.h>
#include <string.h>

enum { PARTS_LIMIT = 3 * SHELL_DEPTH_LIMIT, HEREDOCS_LIMIT = 4 };

enum part { PART_COMMANDS, PART_QUOTES, PART_BRACES };

enum redirect {
    REDIRECT_NONE,
    REDIRECT_OTHER,
    REDIRECT_OUT,
    REDIRECT_ERRORS,
    REDIRECT_BOTH
};

struct frame {
    struct shell_command command;
    struct shell_word word; /* that is being read */
    size_t filled;          /* bytes of its text */
    bool in_word, quoted;
    bool silent;            /* an array: no commands */
    enum redirect redirect; /* the next word is its target */
    size_t cases;           /* `case` without its `esac` */
    char close;             /* ')' or '`'; 0 at the top */
};

struct heredoc {
    char end[SHELL_WORD_BYTES];
    bool tabs; /* <<-: leading tabs do not count */
};

struct scan {
    const char *text;
    size_t length, at;
    enum part parts[PARTS_LIMIT];
    size_t part_count;
    struct frame frames[SHELL_DEPTH_LIMIT];
    size_t frame_count;
    struct heredoc heredocs[HEREDOCS_LIMIT];
    size_t heredoc_count;
    bool heredoc_next, heredoc_tabs; /* the next word names its end */
    bool no_blocks;                  /* there is no }} after this place */
    void (*found)(void *context, const struct shell_command *command);
    void *context;
};

static struct frame *frame_of(struct scan *scan)
{
    return &scan->frames[scan->frame_count - 1];
}

static char peek(const struct scan *scan, size_t ahead)
{
    size_t at = scan->at + ahead;
    return at < scan->length ? scan->text[at] : '\0';
}

/* Only what is read before it is written: frames are large. */
static void reset_command(struct frame *frame)
{
    frame->command.count = 0;
    frame->command.assigns = frame->command.grouped = false;
    frame->command.errors_dropped = frame->command.output_dropped = false;
    frame->in_word = false;
    frame->redirect = REDIRECT_NONE;
}

static bool push_part(struct scan *scan, enum part part)
{
    if (scan->part_count == PARTS_LIMIT)
        return false;
    scan->parts[scan->part_count++] = part;
    return true;
}

/* A part of commands; false when the limit is reached. */
static bool push_frame(struct scan *scan, char close)
{
    if (scan->frame_count == SHELL_DEPTH_LIMIT ||
        !push_part(scan, PART_COMMANDS))
        return false;
    struct frame *frame = &scan->frames[scan->frame_count++];
    reset_command(frame);
    frame->cases = 0;
    frame->close = close;
    frame->silent = scan->frame_count > 1 && frame[-1].silent;
    frame->command.depth = scan->frame_count - 1;
    frame->command.outer = scan->frame_count > 1 ? &frame[-1].command : NULL;
    return true;
}

static void begin_word(struct scan *scan)
{
    struct frame *frame = frame_of(scan);
    if (frame->in_word)
        return;
    frame->in_word = true;
    frame->quoted = false;
    frame->filled = 0;
    frame->word.offset = scan->at;
}

/* Adds a character to the word. */
static void add(struct scan *scan, char character)
{
    begin_word(scan);
    struct frame *frame = frame_of(scan);
    if (frame->filled + 1 < SHELL_WORD_BYTES)
        frame->word.text[frame->filled++] = character;
}

/* Adds the next `length` characters to the word. */
static void add_run(struct scan *scan, size_t length)
{
    begin_word(scan);
    struct frame *frame = frame_of(scan);
    size_t room = SHELL_WORD_BYTES - 1 - frame->filled;
    size_t kept = length < room ? length : room;
    memcpy(frame->word.text + frame->filled, scan->text + scan->at, kept);
    frame->filled += kept;
    scan->at += length;
}

/* How many characters from here on mean nothing but themselves; the first of them
 * was looked at. Most of a text is such runs. */
static size_t run_length(const struct scan *scan, const bool special[256])
{
    const char *start = scan->text + scan->at, *at = start + 1;
    const char *end = scan->text + scan->length;
    while (at < end && !special[(unsigned char)*at])
        at++;
    return (size_t)(at - start);
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++) /* most differ in their first letter */
        if (**list == *word && strcmp(word, *list) == 0)
            return true;
    return false;
}

enum { RESERVED_LONGEST = 5 }; /* `while` */

/* Words after which a command may begin. */
static bool is_opening(const char *word)
{
    static const char *const words[] = {"if", "then",  "else",  "elif",
                                        "do", "while", "until", "!",
                                        "{",  "time",  NULL};
    return is_one_of(word, words);
}

static bool is_name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '_' ||
           (letter >= '0' && letter <= '9');
}

static bool is_assignment(const char *word)
{
    size_t name = 0; /* strspn would first build a set, for each word */
    while (is_name_letter(word[name]))
        name++;
    bool add = word[name] == '+';
    return name > 0 && !isdigit((unsigned char)word[0]) &&
           word[name + add] == '=';
}

static void drop_target(struct frame *frame, const char *target)
{
    bool null = strcmp(target, "/dev/null") == 0;
    enum redirect kind = frame->redirect;
    struct shell_command *command = &frame->command;
    if (kind == REDIRECT_ERRORS && strcmp(target, "&1") == 0)
        command->errors_dropped = command->output_dropped;
    else if (kind == REDIRECT_ERRORS || kind == REDIRECT_BOTH)
        command->errors_dropped = null;
    if (kind == REDIRECT_OUT || kind == REDIRECT_BOTH)
        command->output_dropped = null;
    frame->redirect = REDIRECT_NONE;
}

static void keep_word(struct frame *frame)
{
    struct shell_command *command = &frame->command;
    const char *text = frame->word.text;
    if (command->count == 0 && !frame->quoted &&
        frame->filled <= RESERVED_LONGEST) {
        if (is_opening(text))
            return;
        if (strcmp(text, "case") == 0)
            frame->cases++;
        if (strcmp(text, "esac") == 0 && frame->cases > 0)
            frame->cases--;
    }
    if (command->count == 0 && is_assignment(text)) {
        command->assigns = true;
        command->assignment = frame->word;
    } else if (command->count < SHELL_WORDS_LIMIT)
        command->words[command->count++] = frame->word;
}

static void end_word(struct scan *scan)
{
    struct frame *frame = frame_of(scan);
    if (!frame->in_word)
        return;
    frame->in_word = false;
    frame->word.text[frame->filled] = '\0';
    frame->word.length = scan->at - frame->word.offset;
    if (scan->heredoc_next) {
        scan->heredoc_next = false;
        frame->redirect = REDIRECT_NONE;
        /* A name that was cut cannot be found again. */
        if (scan->heredoc_count == HEREDOCS_LIMIT ||
            frame->filled + 1 >= SHELL_WORD_BYTES)
            return;
        struct heredoc *heredoc = &scan->heredocs[scan->heredoc_count++];
        memcpy(heredoc->end, frame->word.text, frame->filled + 1);
        heredoc->tabs = scan->heredoc_tabs;
    } else if (frame->redirect != REDIRECT_NONE) {
        drop_target(frame, frame->word.text);
    } else {
        keep_word(frame);
    }
}

static void end_command(struct scan *scan, enum shell_operator after)
{
    end_word(scan);
    struct frame *frame = frame_of(scan);
    struct shell_command *command = &frame->command;
    command->after = after;
    bool any = command->count > 0 || command->assigns || command->grouped;
    if (!frame->silent && (any || after == SHELL_CLOSE))
        scan->found(scan->context, command);
    reset_command(frame);
}

static void pop_frame(struct scan *scan)
{
    end_command(scan, SHELL_CLOSE);
    scan->frame_count--;
    while (scan->parts[--scan->part_count] != PART_COMMANDS)
        continue;
}

/* A line of a here-document; whether it is the last. */
static bool ends_heredoc(const struct heredoc *heredoc, const char *line,
                         size_t length)
{
    while (heredoc->tabs && length > 0 && *line == '\t') {
        line++;
        length--;
    }
    return strlen(heredoc->end) == length &&
           memcmp(line, heredoc->end, length) == 0;
}

/* The here-documents of the line that has just ended. */
static void skip_heredocs(struct scan *scan)
{
    size_t current = 0;
    while (current < scan->heredoc_count && scan->at < scan->length) {
        const char *line = scan->text + scan->at;
        const char *stop = memchr(line, '\n', scan->length - scan->at);
        size_t length = stop ? (size_t)(stop - line) : scan->length - scan->at;
        current += ends_heredoc(&scan->heredocs[current], line, length);
        scan->at += length + (stop != NULL);
    }
    scan->heredoc_count = 0;
}

static void new_line(struct scan *scan)
{
    end_command(scan, SHELL_END);
    scan->at++;
    skip_heredocs(scan);
}

/* '...': all up to the next one. */
static void single_quotes(struct scan *scan)
{
    begin_word(scan);
    frame_of(scan)->quoted = true;
    scan->at++;
    size_t left = scan->length - scan->at;
    const char *start = scan->text + scan->at;
    const char *end = memchr(start, '\'', left);
    add_run(scan, end ? (size_t)(end - start) : left);
    scan->at += end != NULL;
}

/* $'...', in which a backslash takes its character along. */
static void escaping_quotes(struct scan *scan)
{
    static const bool special[256] = {['\''] = true, ['\\'] = true};
    scan->at++;
    begin_word(scan);
    frame_of(scan)->quoted = true;
    scan->at++;
    while (scan->at < scan->length && peek(scan, 0) != '\'') {
        if (peek(scan, 0) == '\\' && scan->at + 1 < scan->length)
            scan->at++;
        add_run(scan, run_length(scan, special));
    }
    scan->at += scan->at < scan->length;
}

/* $(( )): no commands in it. Without its end it is taken for the rest. */
static void arithmetic(struct scan *scan)
{
    size_t depth = 0;
    add(scan, SHELL_UNKNOWN);
    scan->at++;
    do {
        depth += peek(scan, 0) == '(';
        depth -= peek(scan, 0) == ')';
        scan->at++;
    } while (depth > 0 && scan->at < scan->length);
}

static bool is_word_at(const char *at, size_t left, const char *word)
{
    size_t length = strlen(word);
    return left > length && memcmp(at, word, length) == 0 &&
           !isalnum((unsigned char)at[length]) && at[length] != '_' &&
           at[length] != '.';
}

/* {{ ... }} of the workflow. False: it is none. */
static bool block(struct scan *scan)
{
    if (peek(scan, 0) != '{' || peek(scan, 1) != '{' || scan->no_blocks)
        return false;
    const char *start = scan->text + scan->at;
    size_t left = scan->length - scan->at;
    const char *end = memmem(start, left, "}}", 2);
    scan->no_blocks = !end;
    if (!end)
        return false;
    size_t inner = 2 + (peek(scan, 2) == '-');
    while (inner < left && isspace((unsigned char)start[inner]))
        inner++;
    const char *word = start + inner;
    bool statement = is_word_at(word, left - inner, "if") ||
                     is_word_at(word, left - inner, "else") ||
                     is_word_at(word, left - inner, "end");
    if (!statement)
        add(scan, SHELL_UNKNOWN);
    else if (scan->parts[scan->part_count - 1] == PART_COMMANDS)
        end_word(scan);
    scan->at = (size_t)(end - scan->text) + 2;
    return true;
}

static void close_backtick(struct scan *scan)
{
    while (frame_of(scan)->close != '`')
        pop_frame(scan);
    pop_frame(scan);
}

static bool is_in_backticks(const struct scan *scan)
{
    for (size_t i = 0; i < scan->frame_count; i++)
        if (scan->frames[i].close == '`')
            return true;
    return false;
}

/* A command in a word: the word itself is not known then. */
static void substitution(struct scan *scan, size_t skip, char close)
{
    add(scan, SHELL_UNKNOWN);
    push_frame(scan, close);
    scan->at += skip;
}

/* $, ` and {{, which mean the same in and out of double quotes. */
static bool expansion(struct scan *scan)
{
    char next = peek(scan, 1);
    if (block(scan))
        return true;
    if (peek(scan, 0) == '`') {
        bool inside = is_in_backticks(scan);
        if (inside)
            close_backtick(scan);
        else
            add(scan, SHELL_UNKNOWN);
        if (!inside)
            push_frame(scan, '`');
        scan->at++;
        return true;
    }
    if (peek(scan, 0) != '$')
        return false;
    if (next == '(' && peek(scan, 2) == '(')
        arithmetic(scan);
    else if (next == '(')
        substitution(scan, 2, ')');
    else if (next == '{') {
        add(scan, SHELL_UNKNOWN);
        push_part(scan, PART_BRACES);
        scan->at += 2;
    } else
        return false;
    return true;
}

static void open_quotes(struct scan *scan)
{
    begin_word(scan);
    frame_of(scan)->quoted = true;
    push_part(scan, PART_QUOTES);
    scan->at++;
}

/* In double quotes, or in ${ }, whose text is of no interest. */
static void step_text(struct scan *scan, enum part part)
{
    static const bool special[256] = {
        ['"'] = true, ['}'] = true, ['\\'] = true,
        ['$'] = true, ['`'] = true, ['{'] = true,
    };
    char character = peek(scan, 0);
    bool braces = part == PART_BRACES;
    if (character == (braces ? '}' : '"')) {
        scan->part_count--;
        scan->at++;
    } else if (character == '\\') {
        if (!braces)
            add(scan, peek(scan, 1));
        scan->at += 2;
    } else if (braces && character == '"') {
        open_quotes(scan);
    } else if (!special[(unsigned char)character] || !expansion(scan)) {
        size_t length = run_length(scan, special);
        if (braces)
            scan->at += length;
        else
            add_run(scan, length);
    }
}

/* > and < with what may stand around them. */
static void redirection(struct scan *scan)
{
    struct frame *frame = frame_of(scan);
    bool both = peek(scan, 0) == '&';
    bool numbered = frame->in_word && !frame->quoted && frame->filled == 1 &&
                    isdigit((unsigned char)frame->word.text[0]);
    bool errors = numbered && frame->word.text[0] == '2';
    if (numbered)
        frame->in_word = false;
    else
        end_word(scan);
    scan->at += both;
    char sign = peek(scan, 0);
    if (peek(scan, 1) == '(' && !both) { /* <( ) */
        substitution(scan, 2, ')');
        return;
    }
    bool here = sign == '<' && peek(scan, 1) == '<' && peek(scan, 2) != '<';
    size_t skip = 1;
    while (skip < 3 && peek(scan, skip) == sign)
        skip++;
    scan->at += skip;
    frame->redirect = sign == '<' ? REDIRECT_OTHER
                      : both      ? REDIRECT_BOTH
                      : errors    ? REDIRECT_ERRORS
                      : numbered  ? REDIRECT_OTHER
                                  : REDIRECT_OUT;
    if (here) {
        scan->heredoc_next = true;
        scan->heredoc_tabs = peek(scan, 0) == '-';
        scan->at += scan->heredoc_tabs;
    } else if (peek(scan, 0) == '|') {
        scan->at++;
    } else if (peek(scan, 0) == '&') { /* 2>&1: the target begins with & */
        add(scan, '&');
        scan->at++;
    }
}

static void open_parenthesis(struct scan *scan)
{
    struct frame *frame = frame_of(scan);
    bool array = frame->in_word && frame->filled > 0 &&
                 frame->word.text[frame->filled - 1] == '=';
    if (peek(scan, 1) == ')') { /* name(): its body is a command of its own */
        reset_command(frame);
        scan->at += 2;
        return;
    }
    if (!array)
        end_word(scan);
    if (frame->command.count == 0 && !array)
        frame->command.grouped = true;
    if (push_frame(scan, ')') && array)
        frame_of(scan)->silent = true;
    scan->at++;
}

static void close_parenthesis(struct scan *scan)
{
    end_word(scan); /* which may be `esac` */
    const struct frame *frame = frame_of(scan);
    if (frame->close == ')' && frame->cases == 0)
        pop_frame(scan);
    else
        end_command(scan, SHELL_END);
    scan->at++;
}

static void ampersand(struct scan *scan)
{
    if (peek(scan, 1) == '>') {
        redirection(scan);
        return;
    }
    bool both = peek(scan, 1) == '&';
    end_command(scan, both ? SHELL_AND : SHELL_END);
    scan->at += both ? 2 : 1;
}

static void bar(struct scan *scan)
{
    bool either = peek(scan, 1) == '|';
    end_command(scan, either ? SHELL_OR : SHELL_PIPE);
    scan->at += either || peek(scan, 1) == '&' ? 2 : 1;
}

static void backslash(struct scan *scan)
{
    if (peek(scan, 1) == '\n') {
        scan->at += 2;
        return;
    }
    begin_word(scan);
    frame_of(scan)->quoted = true;
    add(scan, peek(scan, 1));
    scan->at += 2;
}

static void comment(struct scan *scan)
{
    if (frame_of(scan)->in_word) {
        add(scan, '#');
        scan->at++;
        return;
    }
    const char *start = scan->text + scan->at;
    const char *end = memchr(start, '\n', scan->length - scan->at);
    scan->at += end ? (size_t)(end - start) : scan->length - scan->at;
}

static void blank(struct scan *scan)
{
    end_word(scan);
    do
        scan->at++;
    while (peek(scan, 0) == ' ');
}

static void semicolon(struct scan *scan)
{
    end_command(scan, SHELL_END);
    scan->at++;
}

/* $, ` or {; the character itself when it begins nothing. */
static void dollar(struct scan *scan)
{
    if (peek(scan, 0) == '$' && peek(scan, 1) == '\'') {
        escaping_quotes(scan);
    } else if (!expansion(scan)) {
        add(scan, peek(scan, 0));
        scan->at++;
    }
}

static void step_command(struct scan *scan)
{
    static void (*const steps[256])(struct scan * scan) = {
        ['\n'] = new_line,
        [' '] = blank,
        ['\t'] = blank,
        ['\r'] = blank,
        [';'] = semicolon,
        ['&'] = ampersand,
        ['|'] = bar,
        ['('] = open_parenthesis,
        [')'] = close_parenthesis,
        ['<'] = redirection,
        ['>'] = redirection,
        ['#'] = comment,
        ['\\'] = backslash,
        ['\''] = single_quotes,
        ['"'] = open_quotes,
        ['$'] = dollar,
        ['`'] = dollar,
        ['{'] = dollar,
    };
    size_t length = 0;
    while (scan->at + length < scan->length &&
           !steps[(unsigned char)scan->text[scan->at + length]])
        length++;
    if (length > 0)
        add_run(scan, length);
    else
        steps[(unsigned char)scan->text[scan->at]](scan);
}

void shell_text_visit(const char *text, size_t length,
                      void (*found)(void *context,
                                    const struct shell_command *command),
                      void *context)
{
    struct scan scan;
    scan.text = text;
    scan.length = length;
    scan.at = 0;
    scan.part_count = scan.frame_count = scan.heredoc_count = 0;
    scan.heredoc_next = scan.heredoc_tabs = scan.no_blocks = false;
    scan.found = found;
    scan.context = context;
    push_frame(&scan, '\0');
    while (scan.at < scan.length) {
        enum part part = scan.parts[scan.part_count - 1];
        if (part == PART_COMMANDS)
            step_command(&scan);
        else
            step_text(&scan, part);
    }
    scan.at = scan.length;
    while (scan.frame_count > 1)
        pop_frame(&scan);
    end_command(&scan, SHELL_END);
}
