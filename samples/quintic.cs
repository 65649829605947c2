#:project ../src/ImplicitNet/ImplicitNet.csproj

// The smallest implicit network there is, from the JFB paper (eq. 4-5): y = d + y^5, solved for y.
// No layer computes y; it is found as a fixed point, and differentiated without unrolling the search.
using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

using DisposeScope scope = NewDisposeScope();
Tensor d = linspace(-0.5, 0.5, 5, ScalarType.Float64).reshape(5, 1).requires_grad_();

// One sample a row. Each has its own status, steps and residual; none waits for another.
using PerSampleMap map = new((y, input) => input + y.pow(5), d);
using FixedPointSolution solution = FixedPoint.Solve(map, start: zeros(5, 1, ScalarType.Float64));
solution.Report.ThrowIfFailed();

// JFB replaces dy/dd = 1 / (1 - 5 y^4) by 1: a descent direction, at the cost of one application.
Tensor attached = new JacobianFreeGradient().Attach(map, solution);
attached.sum().backward();

Console.WriteLine("     d          y     y - d - y^5   steps   dy/dd by JFB   exact");
for (int i = 0; i < 5; i++)
{
    double x = d[i].ToDouble();
    double y = solution.Latent[i].ToDouble();
    SampleReport sample = solution.Report.Samples[i];
    double residual = y - x - Math.Pow(y, 5), jfb = d.grad![i].ToDouble(), exact = 1 / (1 - (5 * Math.Pow(y, 4)));
    Console.WriteLine($"{x,6:0.00} {y,10:0.000000} {residual,15:0.0e+00} {sample.Steps,7} {jfb,14:0.000} {exact,7:0.000}");
}
