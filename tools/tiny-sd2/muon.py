"""Muon for the matrices, Adam for the rest, as one optimizer.

Muon (Keller Jordan and others, https://kellerjordan.github.io/posts/muon) replaces a matrix's averaged gradient by the nearest orthogonal matrix, found by
five Newton-Schulz iterations, so that all its directions learn at the same speed. A convolution's kernel counts as the matrix (out, in * height * width).
"""

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
MOMENTUM = 0.95


def orthogonal(matrices):
    """The orthogonal matrices near a batch of wide ones, (B, m, n) with m <= n, to within Muon's own tolerance of 30 %."""
    a, b, c = NEWTON_SCHULZ
    x = (matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.float()


def is_matrix(name, parameter):
    """Weights inside the networks; the embeddings and the first and last convolution are Adam's, as Muon's authors advise."""
    return parameter.ndim >= 2 and not any(part in name for part in ("embed", "conv_in", "conv_out"))


class Muon(torch.optim.Optimizer):
    """`rates` are the peak learning rates of the matrices and of the rest; each group keeps its own under `peak`."""

    def __init__(self, module, rates, weight_decay=0.01):
        trained = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        groups = [{"params": [p for n, p in trained if is_matrix(n, p) == matrices], "matrices": matrices, "peak": rate}
                  for matrices, rate in zip((True, False), rates)]
        super().__init__(groups, {"lr": 0.0, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            with_gradient = [p for p in group["params"] if p.grad is not None]
            (self.muon if group["matrices"] else self.adam)(with_gradient, group["lr"], group["weight_decay"])

    def muon(self, parameters, rate, weight_decay):
        by_shape = {}
        for p in parameters:
            average = self.state[p].setdefault("average", torch.zeros_like(p))
            average.lerp_(p.grad, 1 - MOMENTUM)
            update = p.grad.lerp(average, MOMENTUM).flatten(1)
            tall = update.shape[0] > update.shape[1]
            update = update.mT if tall else update
            by_shape.setdefault(update.shape, []).append((p, update, tall))
        for same in by_shape.values():
            updates = orthogonal(torch.stack([update for _, update, _ in same]))
            for (p, _, tall), update in zip(same, updates):
                update = (update.mT if tall else update).reshape(p.shape)
                p.mul_(1 - rate * weight_decay)
                p.add_(update, alpha=-rate * max(1, p.shape[0] / p[0].numel()) ** 0.5)

    def adam(self, parameters, rate, weight_decay, betas=(0.9, 0.99), eps=1e-8):
        for p in parameters:
            state = self.state[p]
            mean, square = (state.setdefault(k, torch.zeros_like(p)) for k in ("mean", "square"))
            steps = state["steps"] = state.get("steps", 0) + 1
            mean.lerp_(p.grad, 1 - betas[0])
            square.lerp_(p.grad.square(), 1 - betas[1])
            p.mul_(1 - rate * weight_decay)
            p.addcdiv_(mean, (square / (1 - betas[1] ** steps)).sqrt() + eps, value=-rate / (1 - betas[0] ** steps))
