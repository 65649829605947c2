#:project ../src/ImplicitNet/ImplicitNet.csproj

// Bratu's problem: the temperature u of a rod that heats itself, u'' + heat exp(u) = 0 between cold ends. How does its hottest point
// depend on the heat? One solve for several rods at once, and the exact gradient through it.
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

// Differences in place of u'' give L u = heat exp(u), so that u = R(u, heat) = L^-1 (heat exp(u)).
const int Points = 63;
double h = 1.0 / (Points + 1);
Tensor beside = ones(Points - 1, ScalarType.Float64);
Tensor inverse = linalg.inv(((2 * eye(Points, dtype: ScalarType.Float64)) - beside.diag(1) - beside.diag(-1)) / (h * h));

SolveSettings settings = new()
{
    Solver = new AndersonSolver(),
    Gradient = new ImplicitGradient { RelativeTolerance = 1e-12 },
    Stopping = new StoppingRule { RelativeTolerance = 1e-12 },
};

Tensor heat = tensor(new[] { 0.5, 1, 2, 3, 3.5 }).unsqueeze(1).requires_grad_();
Tensor hottest = Hottest(heat, out SolveReport report);
hottest.sum().backward();
Console.WriteLine(report);

const double Step = 1e-5;
Tensor differences = (Hottest(heat + Step, out _) - Hottest(heat - Step, out _)) / (2 * Step);
Console.WriteLine(" heat   hottest   by heat: exact   by differences   steps");
for (int rod = 0; rod < heat.shape[0]; rod++)
{
    double exact = heat.grad![rod].item<double>(), near = differences[rod].item<double>();
    Console.Write($"{heat[rod].item<double>(),5:0.0} {hottest[rod].item<double>(),9:0.00000} {exact,16:0.00000000}");
    Console.WriteLine($" {near,16:0.00000000} {report.Samples[rod].Steps,7}");
}

Tensor Hottest(Tensor heat, out SolveReport report)
{
    Tensor cold = zeros(heat.shape[0], Points, ScalarType.Float64);
    return Implicit.Solve((u, heat) => (heat * u.exp()).mm(inverse), cold, heat, settings, out report).amax([1]);
}
