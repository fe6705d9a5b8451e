"""The inputs that once failed, by the numbers of their reports: where the right answer is a test.

Each stands for a kind.  The name says what went wrong; the tests beside it hold what is right now, for the
whole kind.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# fmt: off
CASES: dict[int, tuple[str, ...]] = {
    1: ("a polynomial's second derivative at 0 was nan", "polynomials_have_all_their_derivatives_at_zero"),
    2: ("the fourth derivative of powers at 0 was nan",
        "a_power_has_all_its_derivatives_at_zero_and_right_beside_it"),
    3: ("a branch that is not taken sent 0 × ∞",
        "a_branch_not_taken_sends_nothing",
        "where_and_its_kin_follow_the_data_of_each_sample"),
    4: ("== asked whether two Values are one object", "equality_is_a_condition_of_where"),
    5: ("a copy of a live node had gradient 0", "in_a_differentiated_function"),
    6: ("stale data gave two answers",
        "data_changed_after_it_was_used_is_an_error_that_names_the_leaf_and_the_op"),
    7: ("softmax of two large numbers was 1 and 1", "softmax_sums_to_one_for_logits_of_any_size"),
    8: ("the second derivative of asin lost its digits", "slopes_of_slopes_keep_their_digits"),
    9: ("a soft target of 0 at a logit of −∞ gave nan",
        "a_class_of_probability_zero_costs_nothing_even_at_a_logit_of_minus_infinity"),
    10: ("@no_grad() covered a generator's creation only",
         "a_decorated_generator_iterates_in_the_mode_and_leaves_others_alone",
         "a_decorated_coroutine_computes_in_the_mode_and_others_do_not"),
    11: ("Parameters in arrays were not trained",
         "parameters_are_found_in_every_holder",
         "a_value_that_no_optimiser_moves_is_named"),
    12: ("structure was read from labels",
         "a_module_of_two_layers_has_two_boxes",
         "a_module_of_ones_own_is_found_ill_like_the_same_mlp"),
    13: ("a label made a layer", "one_label_makes_no_layer"),
    14: ("columns were taken by position", "reordered_columns_are_refused"),
    15: ("every number was a class", "numbers_that_are_no_classes_are_refused"),
    16: ("numbers with a marker became categories",
         "a_missing_number_is_filled_marked_dropped_or_refused_and_counted"),
    17: ("decimal commas became categories", "numbers_dates_and_truths_are_read_as_they_are_written"),
    18: ("threads read each other's numbers", "each_of_many_threads_gets_its_own_numbers"),
    19: ("a file's ending was ignored",
         "a_file_is_what_its_ending_says",
         "an_ending_that_is_no_format_is_refused_and_writes_nothing"),
    20: ("a text cut the graph of a recording", "what_would_keep_one_samples_number_for_all_is_refused"),
    21: ("routes without a label did not render", "stops_without_names_are_called_by_their_formulas"),
    22: ("a gradient of None broke a reverse pass in the middle",
         "a_gradient_of_none_is_one_that_is_not_computed",
         "a_gradient_that_is_no_number_is_refused_by_name"),
    23: ("NumPy's whole numbers and generators were no seeds", "a_seed_may_come_from_numpy"),
    24: ("deep graphs and tapes could not be copied",
         "depth_costs_no_recursion",
         "a_long_tape_is_pickled_without_recursion"),
    25: ("moments, and arrays of no dimensions, were refused",
         "moments_and_products_of_an_object_array",
         "an_array_of_no_dimensions_is_a_number",
         "the_gradient_of_a_function_that_gives_an_array_of_one_value"),
    26: ("an array could not be an argument of a recording",
         "a_tape_takes_what_grad_takes_and_gives_the_same"),
    27: ("np.where and np.clip were refused at a line inside NumPy",
         "a_branch_through_numpy_follows_its_data",
         "a_branch_inside_numpy_names_the_users_line"),
    28: ("a model that differentiates was refused by fit's own trial", "both_engines_train_it_alike"),
    29: ("five ways to hand over a gradient, five errors", "every_order_that_people_type_leads_there"),
    30: ("compiling counted as time of an example",
         "what_is_untimed_is_entered_as_drawing_once_however_nested"),
    31: ("delimiters were counted inside quotes", "delimiters_between_quotes_do_not_count"),
    32: ("a class called none was missing; a column of classes was written in brackets",
         "a_class_may_be_called_none_or_na",
         "frames_of_every_kind_follow_the_same_rules"),
    33: ("other engines' names were unknown",
         "another_engines_name_is_translated_however_it_is_asked_for",
         "another_engines_attribute_of_a_value_is_translated"),
    34: ("what always fails was not shrunk", "the_least_recipe_of_all_is_one_op_of_zero"),
    35: ("a checkpoint's cost grew with the square of the epochs",
         "each_epoch_is_looked_at_once_however_often_the_state_is_told"),
    36: ("a first column without a name was refused", "the_names_of_rows_as_r_writes_them_are_left_out"),
    37: ("the number of a row was learned from",
         "what_numbers_or_names_the_rows_or_never_changes_is_left_out_and_said"),
    38: ("a marker in the target made classes", "rows_without_a_target_are_left_out_and_counted"),
    39: ("the task could not be chosen", "the_task_can_be_chosen"),
    40: ("dates, names and empty cells were refused",
         "numbers_dates_and_truths_are_read_as_they_are_written",
         "a_missing_number_is_filled_marked_dropped_or_refused_and_counted"),
    41: ("packed files, encodings and comments were refused",
         "a_table_may_be_packed_written_and_separated_in_many_ways",
         "standard_input_is_a_file_too"),
    42: ("numbers as names of columns broke a frame", "frames_of_every_kind_follow_the_same_rules"),
    43: ("a reader that left cost the report", "a_reader_that_leaves_early_is_no_error"),
    44: ("large networks and many classes had no report",
         "of_a_large_network_the_largest_gradients_are_drawn",
         "few_classes_are_a_matrix_and_of_many_those_confused_are_named"),
    45: ("the table trained on was replaced", "a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    46: ("a report overwrote what was saved", "a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    47: ("a file of the user's in a report was deleted", "a_foreign_file_added_to_a_report_is_not_lost"),
    48: ("a full disk cost the file that was there", "a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    49: ("a page was too large to open", "of_many_samples_some_are_drawn_and_it_is_said"),
    50: ("a regression's scale was not kept", "a_job_s_file_tells_what_the_network_s_numbers_mean"),
    51: ("a damaged cache slowed or ended every run", "a_damaged_cache_heals"),
    52: ("a place that is read-only ended the run", "a_read_only_folder_is_done_without"),
    53: ("a closed stream ended in a traceback", "a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    54: ("a header's signals reached the terminal", "what_is_printed_gives_a_terminal_no_order"),
    55: ("nan was said to fall", "what_is_nan_is_not_said_to_rise_or_fall"),
    56: ("sets of one class or image ended in a traceback", "one_image_or_one_class_is_said"),
}
# fmt: on
WRITTEN = {
    name
    for file in Path(__file__).parent.rglob("test_*.py")
    for name in re.findall(r"^ *def test_(\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_every_case_is_there() -> None:
    assert list(CASES) == list(range(1, 57))


@pytest.mark.parametrize("number", CASES)
def test_a_case_has_its_tests(number: int) -> None:
    _, *names = CASES[number]
    assert names
    assert set(names) <= WRITTEN
