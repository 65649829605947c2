#:project ../src/ImplicitNet/ImplicitNet.csproj

// An optimisation problem as a layer: x = argmin x'Px/2 + q'x with every x between 0 and 1. A step down the slope, cut off at the bounds,
// stands still exactly at the minimum, so the minimum is a fixed point, and how it moves with q is a gradient like any other.
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

random.manual_seed(1);
const int Problems = 8, Size = 20;
Tensor factor = randn(Size, Size, ScalarType.Float64);
Tensor p = (factor.mm(factor.t()) / Size) + (0.1 * eye(Size, dtype: ScalarType.Float64));
double step = 1 / linalg.norm(p, 2).item<double>();
Tensor q = randn(Problems, Size, ScalarType.Float64).requires_grad_(), cost = randn(Problems, Size, ScalarType.Float64);

SolveSettings settings = new()
{
    Solver = new AndersonSolver(),
    Gradient = new ImplicitGradient { RelativeTolerance = 1e-12 },
    Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 1000 },
};
Tensor x = Minimum(q, out SolveReport report);
Console.WriteLine(report);
Console.WriteLine($"{x.le(0).logical_or(x.ge(1)).sum().item<long>()} of {Problems * Size} numbers are at a bound.");

// The slope is 0 inside the bounds, points outwards at them.
Tensor slope = x.mm(p) + q;
Tensor wrong = where(x.le(0), (-slope).clamp_min(0), where(x.ge(1), slope.clamp_min(0), slope.abs()));
Console.WriteLine($"largest violation of the conditions of a minimum: {wrong.max().item<double>():0.0e+00}");

// What a loss of x asks of q: by the exact gradient, and by moving one number of q after the other.
(x * cost).sum().backward();
double worst = 0;
for (int entry = 0; entry < Size; entry++)
{
    const double Move = 1e-3;
    Tensor moved = zeros_like(q);
    moved[.., entry] = Move;
    Tensor difference = ((Minimum(q + moved, out _) - Minimum(q - moved, out _)) * cost).sum(1) / (2 * Move);
    worst = Math.Max(worst, (difference - q.grad![.., entry]).abs().max().item<double>());
}

Console.WriteLine($"largest difference between the gradient and differences: {worst:0.0e+00}");

Tensor Minimum(Tensor q, out SolveReport report) =>
    Implicit.Solve((x, q) => (x - (step * (x.mm(p) + q))).clamp(0, 1), zeros_like(q), q, settings, out report);
