using ImplicitNet.Differentiation;
using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Problems;

public sealed class FixedPointProblemsTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-10, MaxSteps = 500 };

    // Of these nothing is known but the equations.
    private static readonly string[] Unknown =
        ["trigonometric", "brown-almost-linear", "broyden-tridiagonal", "broyden-banded", "bratu-square"];

    public static TheoryData<string> Names => [.. FixedPointProblems.All.Select(problem => problem.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_problem_is_a_map_of_its_batch_in_either_precision(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        FixedPointProblem problem = FixedPointProblems.Named(name);
        Assert.Matches("^[a-z]+(-[a-z]+)*$", problem.Name);
        Assert.True(problem.Title.Length is > 3 and < 60 && problem.Source.Length is > 3 and < 70, problem.Title);
        Dictionary<ScalarType, Tensor> values = [];
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            (PerSampleMap map, Tensor start) = problem.Create(dtype);
            using PerSampleMap owned = map;
            Assert.Equal(problem.Parameters.Count, start.shape[0]);
            Assert.Equal(problem.Start.Count, start.numel() / start.shape[0]);
            Tensor mapped = map.Evaluate(start);
            Assert.Equal((dtype, true), (mapped.dtype, mapped.isfinite().all().ToBoolean()));
            Assert.Equal(start.shape, mapped.shape);
            values[dtype] = mapped;
        }

        Tensor apart = (values[ScalarType.Float32].to(ScalarType.Float64) - values[ScalarType.Float64]).abs().max();
        Assert.InRange(apart.ToDouble(), 0, 1e-5 * (1 + values[ScalarType.Float64].abs().max().ToDouble()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_sample_is_mapped_alone_as_in_its_batch(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        FixedPointProblem problem = FixedPointProblems.Named(name);
        Tensor q = Batched(problem.Parameters);
        Tensor u = Points(problem)[1];
        Tensor together = problem.Function(u, q);
        foreach (int row in Enumerable.Range(0, problem.Parameters.Count))
        {
            Tensor alone = problem.Function(u.narrow(0, row, 1), q.narrow(0, row, 1));
            Tensor apart = (alone - together.narrow(0, row, 1)).abs().max();
            Assert.InRange(apart.ToDouble(), 0, 1e-13 * (1 + alone.abs().max().ToDouble()));
        }

        Assert.Equal([0, .. u.shape[1..]], problem.Function(u.narrow(0, 0, 0), q.narrow(0, 0, 0)).shape);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Two_derivatives_are_those_of_differences(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        FixedPointProblem problem = FixedPointProblems.Named(name);
        Tensor q = Batched(problem.Parameters);
        foreach (Tensor u in Points(problem))
        {
            double step = 1e-6 * (1 + u.abs().max().ToDouble());
            Tensor direction = Drawn(u, 5);
            Tensor weights = Drawn(u, 6);
            (Tensor value, Tensor gradient, Tensor curvature) = Derivatives(u);
            (Tensor after, Tensor gradientAfter, _) = Derivatives(u + direction * step);
            (Tensor before, Tensor gradientBefore, _) = Derivatives(u - direction * step);
            double rounding = 1e-15 / step * (1 + value.abs().max().ToDouble());
            AssertClose((gradient * direction).sum(), ((after - before) * weights).sum() / (2 * step), rounding * u.numel());
            rounding = 1e-15 / step * (1 + gradient.abs().max().ToDouble());
            AssertClose(curvature, (gradientAfter - gradientBefore) / (2 * step), rounding * u.numel());

            (Tensor Value, Tensor Gradient, Tensor Curvature) Derivatives(Tensor at)
            {
                Tensor point = at.detach().requires_grad_();
                Tensor mapped = problem.Function(point, q);
                Tensor first = VectorProducts.TransposeProduct(mapped, point, weights, createGraph: true);
                Tensor second = first.requires_grad ? VectorProducts.TransposeProduct(first, point, direction) : zeros_like(point);
                return (mapped.detach(), first.detach(), second.detach());
            }
        }

        static void AssertClose(Tensor exact, Tensor difference, double rounding)
        {
            double apart = (exact - difference).norm().ToDouble();
            Assert.True(apart <= (1e-6 * exact.norm().ToDouble()) + (20 * rounding), $"{apart} apart of {exact.norm().ToDouble()}, rounding {rounding}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_solution_has_no_error_and_what_lies_beside_it_has_one(string name)
    {
        FixedPointProblem problem = FixedPointProblems.Named(name);
        using FixedPointSolution solution = Solve(problem, new SolverChain());
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        if (problem.Error is null)
        {
            Assert.Contains(name, Unknown);
            return;
        }

        foreach ((double[] q, double[] found) in problem.Parameters.Zip(solution.Latent.data<double>().ToArray().Chunk(problem.Start.Count)))
        {
            double[] beside = [.. found.Zip(DrawnNumbers.Uniform(found.Length, 8), (x, drawn) => x + (0.05 * (1 + Math.Abs(x)) * drawn))];
            Assert.InRange(problem.Error(q, found), 0, problem.ErrorTolerance);
            Assert.False(problem.Error(q, beside) <= problem.ErrorTolerance, $"{problem.Error(q, beside)} beside a solution");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_start_is_no_solution(string name)
    {
        FixedPointProblem problem = FixedPointProblems.Named(name);

        // Of what is merely conserved the start may be right already, and of one sample so may the start: 0 for d = 0.
        if (problem.Error is not null && name is not ("robertson" or "van-der-pol" or "bratu" or "rigid-body" or "network-skew"))
        {
            Assert.Contains(problem.Parameters, q => problem.Error(q, [.. problem.Start]) > problem.ErrorTolerance);
        }
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_names()
    {
        string message = Assert.Throws<ArgumentException>(() => FixedPointProblems.Named("kepner")).Message;
        Assert.All(FixedPointProblems.All, problem => Assert.Contains(problem.Name, message, StringComparison.Ordinal));
        Assert.Equal(83, FixedPointProblems.All.Count);
    }

    private static FixedPointSolution Solve(FixedPointProblem problem, FixedPointSolver solver)
    {
        (PerSampleMap map, Tensor start) = problem.Create();
        using PerSampleMap ownedMap = map;
        using Tensor ownedStart = start;
        return FixedPoint.Solve(map, start, solver, Tight);
    }

    /// <summary>The start, and a point near it that is another for every sample.</summary>
    private static Tensor[] Points(FixedPointProblem problem)
    {
        (PerSampleMap map, Tensor start) = problem.Create();
        map.Dispose();
        return [start, start + Drawn(start, 7) * 0.02 * (1 + start.abs())];
    }

    private static Tensor Batched(IReadOnlyList<double[]> parameters) =>
        tensor([.. parameters.SelectMany(row => row)], ScalarType.Float64).reshape(parameters.Count, -1);

    private static Tensor Drawn(Tensor like, ulong seed) => tensor(DrawnNumbers.Uniform((int)like.numel(), seed), like.dtype).reshape(like.shape);
}
