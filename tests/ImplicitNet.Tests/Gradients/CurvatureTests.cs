using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>
/// Hessians of losses that are not linear in u*, u* = tanh(a u* + q), in a and q together, against central differences of the
/// loss by plain iteration.
/// </summary>
public sealed class CurvatureTests : TensorTest
{
    private const double Slope = 0.5;
    private static readonly double[] Inputs = [0.3, -0.4, 0.1];

    private static readonly Dictionary<string, (Func<Tensor, Tensor> Torch, Func<double, double> Plain)> Losses = new()
    {
        ["u"] = (u => u.sum(), u => u),
        ["square"] = (u => u.square().sum(), u => u * u),
        ["exponential"] = (u => (u * 2).exp().sum(), u => Math.Exp(2 * u)),
        ["cross entropy"] = (
            u => nn.functional.cross_entropy(cat([u, zeros_like(u)], 1), zeros(u.shape[0], dtype: ScalarType.Int64), reduction: nn.Reduction.Sum),
            u => Math.Log(1 + Math.Exp(-u))),
    };

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            TheoryData<string, string, string> cases = [];
            foreach (string mode in new[] { "jfb", "neumann", "refined", "inverse reuse", "implicit", "unrolled" })
            {
                foreach (string loss in Losses.Keys)
                {
                    foreach (string map in new[] { "weights", "parameters", "coupled", "layer" })
                    {
                        if (map != "layer" || mode != "inverse reuse")
                        {
                            cases.Add(mode, loss, map);
                        }
                    }
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_Hessian_is_that_of_the_fixed_point(string mode, string loss, string map)
    {
        // Forty steps are six segments; the pass of each of the five that are nodes goes through those before it to a named parameter.
        HandlesOfNothing = mode == "unrolled" && map != "weights" ? 10 : 0;
        using DisposeScope scope = NewDisposeScope();
        using Parameter a = new(tensor(Slope, ScalarType.Float64));
        Tensor q = tensor(Inputs).unsqueeze(1).requires_grad_();
        ImplicitLayer layer = new(new ModuleOperator(new Scaled(a)))
        {
            Gradient = GradientCases.Get(mode),
            Solver = new AndersonSolver(),
            Stopping = new StoppingRule { AbsoluteTolerance = 1e-14 },
        };
        layer.eval();
        GradientReport report = new();
        using ImplicitResult? solved = map == "layer" ? layer.Run(q) : null;
        Tensor latent = solved?.Output ?? Attached(map, mode, a, q, report);
        Tensor value = Losses[loss].Torch(latent);
        IReadOnlyList<Tensor?> first = VectorProducts.TransposeProducts(value, [a, q], ones_like(value), createGraph: true);
        double[] plain = [Slope, .. Inputs];
        for (int row = 0; row < 4; row++)
        {
            Tensor entry = row == 0 ? first[0]! : first[1]![row - 1, 0];
            Assert.Equal(Difference(loss, map, plain, row), entry.ToDouble(), 1e-7);
            IReadOnlyList<Tensor?> second = VectorProducts.TransposeProducts(entry, [a, q], ones_like(entry));
            double[] found = [second[0]!.ToDouble(), .. second[1]!.reshape(-1).data<double>()];
            for (int column = 0; column < 4; column++)
            {
                Assert.Equal(Difference(loss, map, plain, row, column), found[column], 1e-6);
            }
        }

        report.ThrowIfFailed();
        solved?.Gradient.ThrowIfFailed();
    }

    private static Tensor Attached(string map, string mode, Tensor a, Tensor q, GradientReport report)
    {
        using FixedPointMap bound = map switch
        {
            "weights" => new PerSampleMap(
                (u, inputs) => ((u * inputs.Shared[0]) + inputs.PerSample[0]).tanh(), new MapInputs { PerSample = [q], Shared = [a.alias()], Parameters = [] }),
            "parameters" => new PerSampleMap(
                (u, inputs) => ((u * a) + inputs.PerSample[0]).tanh(), new MapInputs { PerSample = [q], Parameters = [a] }),
            _ => new CoupledMap(
                (u, inputs) => (((u + u.mean([0], keepdim: true)) * a / 2) + inputs.PerSample[0]).tanh(),
                new MapInputs { PerSample = [q], Parameters = [a] }),
        };
        using FixedPointSolution solution = FixedPoint.Solve(
            bound, zeros(3, 1, ScalarType.Float64), new BroydenSolver { KeepInverse = true }, new StoppingRule { AbsoluteTolerance = 1e-14 });
        return GradientCases.Get(mode).Attach(bound, solution, report);
    }

    private static double Difference(string loss, string map, double[] at, int row) =>
        Extrapolated(1e-3, step => (LossAt(loss, map, Moved(at, (row, step))) - LossAt(loss, map, Moved(at, (row, -step)))) / (2 * step));

    private static double Difference(string loss, string map, double[] at, int row, int column) => Extrapolated(1e-3, step =>
        (LossAt(loss, map, Moved(at, (row, step), (column, step))) - LossAt(loss, map, Moved(at, (row, step), (column, -step)))
            - LossAt(loss, map, Moved(at, (row, -step), (column, step))) + LossAt(loss, map, Moved(at, (row, -step), (column, -step)))) / (4 * step * step));

    /// <summary>Without the error of the second order (Richardson).</summary>
    private static double Extrapolated(double step, Func<double, double> difference) => ((4 * difference(step)) - difference(2 * step)) / 3;

    private static double[] Moved(double[] at, params (int Position, double Step)[] steps)
    {
        double[] moved = [.. at];
        foreach ((int position, double step) in steps)
        {
            moved[position] += step;
        }

        return moved;
    }

    /// <summary>In plain C#, by 400 steps.</summary>
    private static double LossAt(string loss, string map, double[] at)
    {
        double[] u = new double[at.Length - 1];
        for (int step = 0; step < 400; step++)
        {
            double mean = u.Average();
            u = [.. u.Select((value, i) => Math.Tanh((at[0] * (map == "coupled" ? (value + mean) / 2 : value)) + at[i + 1]))];
        }

        return u.Sum(Losses[loss].Plain);
    }

    private sealed class Scaled : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Parameter _a;

        public Scaled(Parameter a)
            : base(nameof(Scaled))
        {
            _a = a;
            RegisterComponents();
        }

        public override Tensor forward(Tensor u, Tensor q) => ((u * _a) + q).tanh();
    }
}
