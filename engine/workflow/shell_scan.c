/*
 * Pieces of words in, commands out. What a word means depends on what stands before
 * it: a target of a redirection, the name of a here-document's end, an assignment, a
 * word such as `then`, or a word of the command.
 */
#include "engine/workflow/shell_scan.h"

#include <ctype.h>
#include <string.h>

/* Only what is read before it is written: frames are large. */
void scan_reset(struct frame *frame)
{
    frame->command.count = 0;
    frame->command.assigns = frame->command.grouped = false;
    frame->command.errors_dropped = frame->command.output_dropped = false;
    frame->in_word = false;
    frame->redirect = REDIRECT_NONE;
}

bool scan_push_part(struct scan *scan, enum part part)
{
    if (scan->part_count == PARTS_LIMIT)
        return false;
    scan->parts[scan->part_count++] = part;
    return true;
}

/* A part of commands; false when the limit is reached. */
bool scan_push_frame(struct scan *scan, char close)
{
    if (scan->frame_count == SHELL_DEPTH_LIMIT ||
        !scan_push_part(scan, PART_COMMANDS))
        return false;
    struct frame *frame = &scan->frames[scan->frame_count++];
    scan_reset(frame);
    frame->cases = 0;
    frame->close = close;
    frame->silent = scan->frame_count > 1 && frame[-1].silent;
    frame->command.depth = scan->frame_count - 1;
    frame->command.outer = scan->frame_count > 1 ? &frame[-1].command : NULL;
    return true;
}

void scan_begin_word(struct scan *scan)
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
void scan_add(struct scan *scan, char character)
{
    scan_begin_word(scan);
    struct frame *frame = frame_of(scan);
    if (frame->filled + 1 < SHELL_WORD_BYTES)
        frame->word.text[frame->filled++] = character;
}

/* Adds the next `length` characters to the word. */
void scan_add_run(struct scan *scan, size_t length)
{
    scan_begin_word(scan);
    struct frame *frame = frame_of(scan);
    size_t room = SHELL_WORD_BYTES - 1 - frame->filled;
    size_t kept = length < room ? length : room;
    memcpy(frame->word.text + frame->filled, scan->text + scan->at, kept);
    frame->filled += kept;
    scan->at += length;
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

void scan_take_word(struct scan *scan)
{
    struct frame *frame = frame_of(scan);
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

void scan_end_command(struct scan *scan, enum shell_operator after)
{
    scan_end_word(scan);
    struct frame *frame = frame_of(scan);
    struct shell_command *command = &frame->command;
    command->after = after;
    bool any = command->count > 0 || command->assigns || command->grouped;
    if (!frame->silent && (any || after == SHELL_CLOSE))
        scan->found(scan->context, command);
    scan_reset(frame);
}

void scan_pop_frame(struct scan *scan)
{
    scan_end_command(scan, SHELL_CLOSE);
    scan->frame_count--;
    while (scan->parts[--scan->part_count] != PART_COMMANDS)
        continue;
}
