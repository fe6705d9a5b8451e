"""The inputs that once failed, by the numbers of their reports: where the right answer is a test.

Each stands for a kind.  The name says what went wrong; the tests beside it hold what is right now, for the
whole kind.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

AUTOGRAD = {
    1: ("a polynomial's second derivative at 0 was nan",
        "functional/test_higher_orders.py polynomials_have_all_their_derivatives_at_zero"),
    2: ("the fourth derivative of powers at 0 was nan",
        "functional/test_higher_orders.py a_power_has_all_its_derivatives_at_zero_and_right_beside_it"),
    3: ("a branch that is not taken sent 0 × ∞",
        "functional/test_higher_orders.py a_branch_not_taken_sends_nothing",
        "tape/test_tape.py where_and_its_kin_follow_the_data_of_each_sample"),
    4: ("== asked whether two Values are one object", "test_value.py equality_is_a_condition_of_where"),
    5: ("a copy of a live node had gradient 0", "test_copies.py in_a_differentiated_function"),
    6: ("stale data gave two answers",
        "test_state.py data_changed_after_it_was_used_is_an_error_that_names_the_leaf_and_the_op"),
    7: ("softmax of two large numbers was 1 and 1",
        "test_functions.py softmax_sums_to_one_for_logits_of_any_size"),
    8: ("the second derivative of asin lost its digits",
        "functional/test_higher_orders.py slopes_of_slopes_keep_their_digits"),
    10: ("@no_grad() covered a generator's creation only",
         "core/test_recording.py a_decorated_generator_iterates_in_the_mode_and_leaves_others_alone",
         "core/test_recording.py a_decorated_coroutine_computes_in_the_mode_and_others_do_not"),
    18: ("threads read each other's numbers",
         "tape/test_threads.py each_of_many_threads_gets_its_own_numbers"),
    19: ("a file's ending was ignored",
         "seeing/drawing/test_renderer.py a_file_is_what_its_ending_says",
         "seeing/drawing/test_renderer.py an_ending_that_is_no_format_is_refused_and_writes_nothing"),
    20: ("a text cut the graph of a recording",
         "tape/test_recording.py what_would_keep_one_samples_number_for_all_is_refused"),
    21: ("routes without a label did not render",
         "seeing/drawing/test_path.py stops_without_names_are_called_by_their_formulas"),
    22: ("a gradient of None broke a reverse pass in the middle",
         "test_state.py a_gradient_of_none_is_one_that_is_not_computed",
         "test_state.py a_gradient_that_is_no_number_is_refused_by_name"),
    24: ("deep graphs and tapes could not be copied",
         "test_copies.py depth_costs_no_recursion",
         "tape/test_tape.py a_long_tape_is_pickled_without_recursion"),
    25: ("moments, and arrays of no dimensions, were refused",
         "test_numpy.py moments_and_products_of_an_object_array",
         "test_numpy.py an_array_of_no_dimensions_is_a_number",
         "test_numpy.py the_gradient_of_a_function_that_gives_an_array_of_one_value"),
    26: ("an array could not be an argument of a recording",
         "tape/test_structure.py a_tape_takes_what_grad_takes_and_gives_the_same"),
    27: ("np.where and np.clip were refused at a line inside NumPy",
         "tape/test_recording.py a_branch_through_numpy_follows_its_data",
         "tape/test_recording.py a_branch_inside_numpy_names_the_users_line"),
    29: ("five ways to hand over a gradient, five errors",
         "testing/plain/test_check_gradient.py every_order_that_people_type_leads_there"),
    30: ("compiling counted as time of an example",
         "core/test_untimed.py what_is_untimed_is_entered_as_drawing_once_however_nested"),
    33: ("other engines' names were unknown",
         "notation/test_elsewhere.py another_engines_name_is_translated_however_it_is_asked_for",
         "notation/test_elsewhere.py another_engines_attribute_of_a_value_is_translated"),
    34: ("what always fails was not shrunk",
         "testing/test_strategies.py the_least_recipe_of_all_is_one_op_of_zero"),
    48: ("a full disk cost the file that was there",
         "../nn/command/test_faults.py a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    52: ("a place that is read-only ended the run",
         "tape/native/test_cached.py a_read_only_folder_is_done_without"),
    55: ("nan was said to fall", "command/test_main.py what_is_nan_is_not_said_to_rise_or_fall"),
}  # fmt: skip
NN = {
    9: ("a soft target of 0 at a logit of −∞ gave nan",
        "test_losses.py a_class_of_probability_zero_costs_nothing_even_at_a_logit_of_minus_infinity"),
    11: ("Parameters in arrays were not trained",
         "test_module_holders.py parameters_are_found_in_every_holder",
         "test_module_holders.py a_value_that_no_optimiser_moves_is_named"),
    12: ("structure was read from labels",
         "../autograd/seeing/facts/folding/test_folded.py a_module_of_two_layers_has_two_boxes",
         "health/test_layers.py a_module_of_ones_own_is_found_ill_like_the_same_mlp"),
    13: ("a label made a layer", "health/test_layers.py one_label_makes_no_layer"),
    14: ("columns were taken by position", "estimators/test_estimators.py reordered_columns_are_refused"),
    15: ("every number was a class", "estimators/test_estimators.py numbers_that_are_no_classes_are_refused"),
    16: ("numbers with a marker became categories",
         "data/test_tables.py a_missing_number_is_filled_marked_dropped_or_refused_and_counted"),
    17: ("decimal commas became categories",
         "data/test_tables.py numbers_dates_and_truths_are_read_as_they_are_written"),
    23: ("NumPy's whole numbers and generators were no seeds", "test_checks.py a_seed_may_come_from_numpy"),
    28: ("a model that differentiates was refused by fit's own trial",
         "training/test_differentiating.py both_engines_train_it_alike"),
    31: ("delimiters were counted inside quotes",
         "data/test_tables.py delimiters_between_quotes_do_not_count"),
    32: ("a class called none was missing; a column of classes was written in brackets",
         "data/test_tables.py a_class_may_be_called_none_or_na",
         "data/test_tables.py frames_of_every_kind_follow_the_same_rules"),
    35: ("a checkpoint's cost grew with the square of the epochs",
         "training/test_checkpointing.py each_epoch_is_looked_at_once_however_often_the_state_is_told"),
    36: ("a first column without a name was refused",
         "data/test_tables.py the_names_of_rows_as_r_writes_them_are_left_out"),
    37: ("the number of a row was learned from",
         "data/test_tables.py what_numbers_or_names_the_rows_or_never_changes_is_left_out_and_said"),
    38: ("a marker in the target made classes",
         "data/test_tables.py rows_without_a_target_are_left_out_and_counted"),
    39: ("the task could not be chosen", "data/test_tables.py the_task_can_be_chosen"),
    40: ("dates, names and empty cells were refused",
         "data/test_tables.py numbers_dates_and_truths_are_read_as_they_are_written",
         "data/test_tables.py a_missing_number_is_filled_marked_dropped_or_refused_and_counted"),
    41: ("packed files, encodings and comments were refused",
         "data/test_tables.py a_table_may_be_packed_written_and_separated_in_many_ways",
         "data/test_tables.py standard_input_is_a_file_too"),
    42: ("numbers as names of columns broke a frame",
         "data/test_tables.py frames_of_every_kind_follow_the_same_rules"),
    43: ("a reader that left cost the report", "command/test_main.py a_reader_that_leaves_early_is_no_error"),
    44: ("large networks and many classes had no report",
         "command/test_report.py of_a_large_network_the_largest_gradients_are_drawn",
         "command/test_large_reports.py few_classes_are_a_matrix_and_of_many_those_confused_are_named"),
    45: ("the table trained on was replaced",
         "command/test_faults.py a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    46: ("a report overwrote what was saved",
         "command/test_faults.py a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    47: ("a file of the user's in a report was deleted",
         "command/test_report.py a_foreign_file_added_to_a_report_is_not_lost"),
    49: ("a page was too large to open",
         "command/test_large_reports.py of_many_samples_some_are_drawn_and_it_is_said"),
    50: ("a regression's scale was not kept",
         "command/test_job.py a_job_s_file_tells_what_the_network_s_numbers_mean"),
    51: ("a damaged cache slowed or ended every run", "command/test_faults.py a_damaged_cache_heals"),
    53: ("a closed stream ended in a traceback",
         "command/test_faults.py a_stream_a_disk_or_a_place_ends_in_a_line_at_most"),
    54: ("a header's signals reached the terminal",
         "../autograd/notation/test_labels.py what_is_printed_gives_a_terminal_no_order"),
    56: ("sets of one class or image ended in a traceback",
         "data/test_idx_files.py one_image_or_one_class_is_said"),
}  # fmt: skip
PLACES = [(number, TESTS / folder / place.split()[0], place.split()[1])
          for folder, cases in (("autograd", AUTOGRAD), ("nn", NN))
          for number, (_, *places) in cases.items() for place in places]  # fmt: skip


def test_every_case_is_there_once() -> None:
    assert sorted([*AUTOGRAD, *NN]) == list(range(1, 57))


@pytest.mark.parametrize(
    ("number", "file", "name"), PLACES, ids=lambda x: x.name if isinstance(x, Path) else x
)
def test_a_case_has_its_test(number: int, file: Path, name: str) -> None:
    assert re.search(rf"^ *def test_{name}\(", file.read_text(encoding="utf-8"), re.MULTILINE), number
