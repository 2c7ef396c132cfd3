#pragma once
/*
 * Private: a script that is being read. Two stacks: the parts that the place stands in
 * (commands, double quotes, ${ }), and for each part of commands the command that is
 * being put together.
 */
#include "engine/workflow/shell_text.h"

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

static inline struct frame *frame_of(struct scan *scan)
{
    return &scan->frames[scan->frame_count - 1];
}

static inline char peek(const struct scan *scan, size_t ahead)
{
    size_t at = scan->at + ahead;
    return at < scan->length ? scan->text[at] : '\0';
}

/* Enters double quotes or ${ }; or $( ), ( ) or backticks, whose end `close` is. What
 * is deeper than the limit is not entered: false. */
bool scan_push_part(struct scan *scan, enum part part);
bool scan_push_frame(struct scan *scan, char close);

/* Ends the command, and what it stands in. */
void scan_pop_frame(struct scan *scan);

/* Forgets the command that is being put together. */
void scan_reset(struct frame *frame);

/* A word begins here, unless it has begun; a character for it, or the next `length` of
 * the text, behind which the place then is. */
void scan_begin_word(struct scan *scan);
void scan_add(struct scan *scan, char character);
void scan_add_run(struct scan *scan, size_t length);

/* The word, which there is, or the command with its word ends before this place;
 * commands are told to `found`. */
void scan_take_word(struct scan *scan);
void scan_end_command(struct scan *scan, enum shell_operator after);

static inline void scan_end_word(struct scan *scan)
{
    if (frame_of(scan)->in_word)
        scan_take_word(scan);
}
