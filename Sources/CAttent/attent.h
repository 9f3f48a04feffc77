/// AtteNT's data-selecting teacher for any language: which examples a learner is taught next, from how it did on them.
///
///     attent_teacher *teacher = attent_teacher_create("attent-simple", 50000, 10, 0, 0);
///     attent_lesson lesson;
///     while (attent_teacher_next(teacher, NULL, NULL, 0, &lesson) == ATTENT_LESSON) {
///         int32_t *examples = malloc(lesson.count * sizeof *examples);
///         attent_lesson_examples(teacher, examples);
///         /* train on them in this order, then: */
///         attent_teacher_record(teacher, losses, examples, NULL, lesson.count);
///         free(examples);
///     }
///     attent_teacher_destroy(teacher);
///
/// Every choice is a function of the seed, the policy and the scores handed over. Examples are numbered from 0. Calls
/// on one teacher from several threads run one after another. A function that can fail says so in its result, and
/// attent_last_error then has one sentence about it.

#ifndef ATTENT_H
#define ATTENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A teacher; only this library looks inside.
typedef struct attent_teacher attent_teacher;

/// What is taught next, and where the run stands.
typedef struct attent_lesson {
    /// Counts from 0.
    int64_t number;
    /// Whole passes over the data set taught before this lesson.
    int64_t epoch;
    /// Counts selections from 0; lessons of one cycle teach the same examples in different orders.
    int64_t cycle;
    /// The number of examples. Where attent_teacher_next asks for scores, of those to be scored.
    int64_t count;
    /// Examples that got a scoring pass for this lesson.
    int64_t scored_count;
    /// Share of all examples that this cycle teaches.
    double ratio;
    /// Share of the run's cost spent before and after this lesson; the last lesson ends at 1.
    double start, end;
    /// Factor on the learning rate; 1 but for KAKURENBO.
    double learning_rate_scale;
    /// Whether the scores of the training forward have to be recorded.
    int32_t records_scores;
    /// Whether the examples are candidates for attent_teacher_admit.
    int32_t needs_admission;
    /// Whether a selection was made for this lesson, rather than kept.
    int32_t is_new_selection;
    /// Whether the examples weigh differently; see attent_lesson_weights.
    int32_t has_weights;
} attent_lesson;

/// What a run has cost so far, the current lesson included.
typedef struct attent_spending {
    /// Examples taught, with any share of their elements.
    int64_t taught;
    /// Examples that got a scoring pass.
    int64_t scored;
    /// Cost in examples taught in full.
    double cost;
} attent_spending;

enum {
    ATTENT_FAILED = -1,
    /// No more lessons; for other functions, done.
    ATTENT_END = 0,
    /// A lesson was begun.
    ATTENT_LESSON = 1,
    /// Scores are needed first, of the examples that attent_teacher_unscored names.
    ATTENT_NEEDS_SCORES = 2,
};

/// The library's version, such as "0.1.0".
const char *attent_version(void);

/// One sentence about this thread's last failure; empty where there was none. Valid until this thread's next call.
const char *attent_last_error(void);

/// Frees what attent_teacher_policy and attent_teacher_state allocated.
void attent_free(void *memory);

/// Makes a teacher.
///
/// - policy: a preset's name, or a JSON object with the keys of a recipe's section `teacher`: {"policy": "attent",
///   "ratio": {"kind": "constant", "start": 0.5, "end": 0.5}}. What it leaves out is the preset's, `standard` where
///   none is named.
/// - example_count: 1 to 2^31 - 1.
/// - epochs: the length of the plain run that the policy is measured against; without a budget, the number of lessons.
/// - budget: the share of that run's cost to spend; 0 for the policy's own.
///
/// Returns NULL on failure.
attent_teacher *attent_teacher_create(
    const char *policy, int64_t example_count, int64_t epochs, double budget, uint64_t seed);

/// A teacher that goes on exactly where the one of attent_teacher_state was; NULL on failure.
attent_teacher *attent_teacher_restore(const uint8_t *state, int64_t size);

void attent_teacher_destroy(attent_teacher *teacher);

/// All settings of the policy as JSON; free it with attent_free. NULL on failure.
char *attent_teacher_policy(attent_teacher *teacher);

/// The number of examples, or ATTENT_FAILED.
int64_t attent_teacher_example_count(attent_teacher *teacher);

/// The whole teacher in bytes, within a lesson too; free them with attent_free. Returns 0 or ATTENT_FAILED.
int32_t attent_teacher_state(attent_teacher *teacher, uint8_t **state, int64_t *size);

/// Begins the next lesson.
///
/// Some policies measure examples before they select. ATTENT_NEEDS_SCORES then asks for the scores of the examples that
/// attent_teacher_unscored names, lesson->count of them, and the teacher stays as it was; call again with their scores
/// in that order. Without scores to give, `scores` is NULL and `count` 0.
///
/// - confidences: NULL, or the probability of the right answer where the learner gives it, 0 elsewhere (KAKURENBO).
///
/// Returns ATTENT_LESSON, ATTENT_END, ATTENT_NEEDS_SCORES or ATTENT_FAILED.
int32_t attent_teacher_next(
    attent_teacher *teacher, const float *scores, const float *confidences, int64_t count, attent_lesson *lesson);

/// Copies the examples that attent_teacher_next wanted scores of. Returns 0.
int32_t attent_teacher_unscored(attent_teacher *teacher, int32_t *examples);

/// The lesson being taught, as after attent_teacher_restore. Returns ATTENT_LESSON, or ATTENT_END where there is none.
int32_t attent_teacher_lesson(attent_teacher *teacher, attent_lesson *lesson);

/// Copies the lesson's examples in teaching order. Returns 0, or ATTENT_FAILED where no lesson is being taught.
int32_t attent_lesson_examples(attent_teacher *teacher, int32_t *examples);

/// Copies the weights of the lesson's examples, in their order, 1 where all weigh the same. Returns 0 or ATTENT_FAILED.
int32_t attent_lesson_weights(attent_teacher *teacher, float *weights);

/// Share of the run's cost spent once `taught` of the lesson's examples are; 0 before the first, 1 after the last one.
double attent_lesson_progress(attent_teacher *teacher, int64_t taught);

/// How many of an example's `count` elements (patches, tokens) to teach once `taught` of the lesson's examples are.
int64_t attent_lesson_element_count(attent_teacher *teacher, int64_t count, int64_t taught);

/// Chooses `kept` random elements out of `count` of each of `example_count` examples, in the current lesson.
///
/// - elements: [example_count, kept] element numbers, rising within a row.
///
/// Returns 0 or ATTENT_FAILED.
int32_t attent_lesson_elements(
    attent_teacher *teacher, const int32_t *examples, int64_t example_count, int64_t kept, int64_t count,
    int32_t *elements);

/// Takes over the scores of a training forward; does nothing where the lesson does not record them. A score that is not
/// finite ranks lowest.
///
/// - confidences: NULL, or as for attent_teacher_next.
///
/// Returns 0 or ATTENT_FAILED.
int32_t attent_teacher_record(
    attent_teacher *teacher, const float *scores, const int32_t *examples, const float *confidences, int64_t count);

/// Decides which candidates of a batch are trained on (Selective-Backprop), and records their scores.
///
/// - positions: room for `count` positions in the batch, rising.
///
/// Returns how many were admitted, all where the lesson needs no admission, or ATTENT_FAILED.
int64_t attent_teacher_admit(
    attent_teacher *teacher, const float *scores, const int32_t *examples, int64_t count, int64_t *positions);

/// Copies the latest score of every example; NaN where unknown. Returns 0.
int32_t attent_teacher_scores(attent_teacher *teacher, float *scores);

/// Returns 0.
int32_t attent_teacher_spending(attent_teacher *teacher, attent_spending *spending);

#ifdef __cplusplus
}
#endif

#endif
