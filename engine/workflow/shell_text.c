/*
 * Script -> commands (POSIX.1-2017, XCU 2: shell command language; with what bash
 * adds and scripts use: |&, &>, <<<, $'', <( )). One pass from left to right, by
 * what each character means where it stands; shell_scan.c puts words and commands
 * together. `{{ }}` of workflows is one piece of a word, but for `{{ if }}`, `{{ else }}`
 * and `{{ end }}`, which are like blanks. A text that is no valid script gives some commands, never an error.
 */
#include <ctype.h>
#include <string.h>

#include "engine/workflow/shell_scan.h"

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
    scan_end_command(scan, SHELL_END);
    scan->at++;
    skip_heredocs(scan);
}

/* '...': all up to the next one. */
static void single_quotes(struct scan *scan)
{
    scan_begin_word(scan);
    frame_of(scan)->quoted = true;
    scan->at++;
    size_t left = scan->length - scan->at;
    const char *start = scan->text + scan->at;
    const char *end = memchr(start, '\'', left);
    scan_add_run(scan, end ? (size_t)(end - start) : left);
    scan->at += end != NULL;
}

/* $'...', in which a backslash takes its character along. */
static void escaping_quotes(struct scan *scan)
{
    static const bool special[256] = {['\''] = true, ['\\'] = true};
    scan->at++;
    scan_begin_word(scan);
    frame_of(scan)->quoted = true;
    scan->at++;
    while (scan->at < scan->length && peek(scan, 0) != '\'') {
        if (peek(scan, 0) == '\\' && scan->at + 1 < scan->length)
            scan->at++;
        scan_add_run(scan, run_length(scan, special));
    }
    scan->at += scan->at < scan->length;
}

/* $(( )): no commands in it. Without its end it is taken for the rest. */
static void arithmetic(struct scan *scan)
{
    size_t depth = 0;
    scan_add(scan, SHELL_UNKNOWN);
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
        scan_add(scan, SHELL_UNKNOWN);
    else if (scan->parts[scan->part_count - 1] == PART_COMMANDS)
        scan_end_word(scan);
    scan->at = (size_t)(end - scan->text) + 2;
    return true;
}

static void close_backtick(struct scan *scan)
{
    while (frame_of(scan)->close != '`')
        scan_pop_frame(scan);
    scan_pop_frame(scan);
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
    scan_add(scan, SHELL_UNKNOWN);
    scan_push_frame(scan, close);
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
            scan_add(scan, SHELL_UNKNOWN);
        if (!inside)
            scan_push_frame(scan, '`');
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
        scan_add(scan, SHELL_UNKNOWN);
        scan_push_part(scan, PART_BRACES);
        scan->at += 2;
    } else
        return false;
    return true;
}

static void open_quotes(struct scan *scan)
{
    scan_begin_word(scan);
    frame_of(scan)->quoted = true;
    scan_push_part(scan, PART_QUOTES);
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
            scan_add(scan, peek(scan, 1));
        scan->at += 2;
    } else if (braces && character == '"') {
        open_quotes(scan);
    } else if (!special[(unsigned char)character] || !expansion(scan)) {
        size_t length = run_length(scan, special);
        if (braces)
            scan->at += length;
        else
            scan_add_run(scan, length);
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
        scan_end_word(scan);
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
        scan_add(scan, '&');
        scan->at++;
    }
}

static void open_parenthesis(struct scan *scan)
{
    struct frame *frame = frame_of(scan);
    bool array = frame->in_word && frame->filled > 0 &&
                 frame->word.text[frame->filled - 1] == '=';
    if (peek(scan, 1) == ')') { /* name(): its body is a command of its own */
        scan_reset(frame);
        scan->at += 2;
        return;
    }
    if (!array)
        scan_end_word(scan);
    if (frame->command.count == 0 && !array)
        frame->command.grouped = true;
    if (scan_push_frame(scan, ')') && array)
        frame_of(scan)->silent = true;
    scan->at++;
}

static void close_parenthesis(struct scan *scan)
{
    scan_end_word(scan); /* which may be `esac` */
    const struct frame *frame = frame_of(scan);
    if (frame->close == ')' && frame->cases == 0)
        scan_pop_frame(scan);
    else
        scan_end_command(scan, SHELL_END);
    scan->at++;
}

static void ampersand(struct scan *scan)
{
    if (peek(scan, 1) == '>') {
        redirection(scan);
        return;
    }
    bool both = peek(scan, 1) == '&';
    scan_end_command(scan, both ? SHELL_AND : SHELL_END);
    scan->at += both ? 2 : 1;
}

static void bar(struct scan *scan)
{
    bool either = peek(scan, 1) == '|';
    scan_end_command(scan, either ? SHELL_OR : SHELL_PIPE);
    scan->at += either || peek(scan, 1) == '&' ? 2 : 1;
}

static void backslash(struct scan *scan)
{
    if (peek(scan, 1) == '\n') {
        scan->at += 2;
        return;
    }
    scan_begin_word(scan);
    frame_of(scan)->quoted = true;
    scan_add(scan, peek(scan, 1));
    scan->at += 2;
}

static void comment(struct scan *scan)
{
    if (frame_of(scan)->in_word) {
        scan_add(scan, '#');
        scan->at++;
        return;
    }
    const char *start = scan->text + scan->at;
    const char *end = memchr(start, '\n', scan->length - scan->at);
    scan->at += end ? (size_t)(end - start) : scan->length - scan->at;
}

static void blank(struct scan *scan)
{
    scan_end_word(scan);
    do
        scan->at++;
    while (peek(scan, 0) == ' ');
}

static void semicolon(struct scan *scan)
{
    scan_end_command(scan, SHELL_END);
    scan->at++;
}

/* $, ` or {; the character itself when it begins nothing. */
static void dollar(struct scan *scan)
{
    if (peek(scan, 0) == '$' && peek(scan, 1) == '\'') {
        escaping_quotes(scan);
    } else if (!expansion(scan)) {
        scan_add(scan, peek(scan, 0));
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
        scan_add_run(scan, length);
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
    scan_push_frame(&scan, '\0');
    while (scan.at < scan.length) {
        enum part part = scan.parts[scan.part_count - 1];
        if (part == PART_COMMANDS)
            step_command(&scan);
        else
            step_text(&scan, part);
    }
    scan.at = scan.length;
    while (scan.frame_count > 1)
        scan_pop_frame(&scan);
    scan_end_command(&scan, SHELL_END);
}
