"""A widget that all rules for widgets are tried on."""

from subjects import digits, photographs

from cnnlib.course.widgets import AttackLab


def example() -> AttackLab:
    networks = {"photographs": photographs(), "digits": digits()}
    return AttackLab(networks, epsilon=2, target="cup", seed=3)
