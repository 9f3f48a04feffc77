"""What is measured of a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def token_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Each token's cross-entropy, 0 where its label is -100.

    :param logits: [B, T, V], of the tokens that `labels` [B, T] name.
    """
    return F.cross_entropy(logits.float().transpose(1, -1), labels, reduction="none", ignore_index=-100)


def residuals(logits: Tensor, labels: Tensor) -> Tensor:
    """The norm of output minus target, ‖softmax(f) − onehot‖, a mean over an example's labelled places: [B].

    :param logits: [B, classes] or [B, T, V].
    :param labels: [B] or [B, T]; -100 is no label.
    """
    with torch.no_grad():
        probabilities = logits.float().softmax(-1)
        labelled = labels != -100
        right = probabilities.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        norms = (probabilities.square().sum(-1) - 2 * right + 1).clamp(min=0).sqrt() * labelled
        places = labelled.reshape(len(labels), -1).sum(-1).clamp(min=1)
        return norms.reshape(len(labels), -1).sum(-1) / places
