#pragma once
/*
 * Private: the text of a POSIX shell script, read only as far as lints need it: which
 * commands with which first words, and what stands between them. Nothing is
 * executed or expanded. Any bytes are accepted, in linear time and fixed memory.
 */
#include <stdbool.h>
#include <stddef.h>

enum {
    SHELL_WORDS_LIMIT = 16, /* of a command: later ones are counted only */
    SHELL_WORD_BYTES = 40,  /* of a word: the rest is cut */
    SHELL_DEPTH_LIMIT = 24, /* of $( ) and ( ) in each other */
    SHELL_UNKNOWN = '?',    /* in a word: what an expansion would bring */
};

/* What stands after a command. */
enum shell_operator {
    SHELL_END,   /* a new line, ; & ) of a pattern, the end of the text */
    SHELL_AND,   /* && */
    SHELL_OR,    /* || */
    SHELL_PIPE,  /* | and |& */
    SHELL_CLOSE, /* ) or ` : the end of the text in $( ) or ( ) */
};

struct shell_word {
    size_t offset, length;       /* in the text, quotes included */
    char text[SHELL_WORD_BYTES]; /* without them; see SHELL_UNKNOWN */
};

struct shell_command {
    /* The name first; words such as `if`, and assignments before the name, are not
     * among them. */
    struct shell_word words[SHELL_WORDS_LIMIT];
    size_t count; /* of words that are there */
    size_t depth; /* 0, or in how many $( ) and ( ) it stands */
    bool assigns; /* an assignment stands before it, or alone: */
    struct shell_word assignment; /* the last one */
    bool grouped;                 /* it is ( ... ) */
    bool errors_dropped;          /* 2>/dev/null */
    bool output_dropped;          /* >/dev/null */
    enum shell_operator after;
    const struct shell_command *outer; /* in whose words it stands; so far */
};

/* Calls `found` with each command, those in $( ) before the one around them. */
void shell_text_visit(const char *text, size_t length,
                      void (*found)(void *context,
                                    const struct shell_command *command),
                      void *context);

/* How far a text was read by shell_text_parts_words; begins as {0}. */
struct shell_place {
    size_t at;
    int state;
    bool lost; /* something that is not followed */
};

/* Whether the block {{ }} of a template whose expression begins at `at` stands where
 * a shell parts words: outside of quotes, comments, here-documents and
 * substitutions, and not behind a character that would act on quotes. What
 * shellquote() gives is words of their own there. When in doubt, false. Blocks of a
 * text are asked about in their order. */
bool shell_text_parts_words(struct shell_place *place, const char *text,
                            size_t length, size_t at);
