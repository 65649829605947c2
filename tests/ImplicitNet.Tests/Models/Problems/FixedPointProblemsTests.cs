using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Problems;

public sealed class FixedPointProblemsTests : TensorTest
{
    public static TheoryData<string> Names => [.. FixedPointProblems.All.Select(problem => problem.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_problem_is_a_map_of_its_batch_in_either_precision(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        FixedPointProblem problem = FixedPointProblems.Named(name);
        Assert.Matches("^[a-z]+(-[a-z]+)*$", problem.Name);
        Assert.True(problem.Title.Length is > 3 and < 60 && problem.Source.Length is > 3 and < 70, problem.Title);
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            (PerSampleMap map, Tensor start) = problem.Create(dtype);
            using PerSampleMap owned = map;
            Assert.Equal(problem.Parameters.Count, start.shape[0]);
            Assert.Equal(problem.Start.Count, start.numel() / start.shape[0]);
            Tensor mapped = map.Evaluate(start);
            Assert.Equal((dtype, true), (mapped.dtype, mapped.isfinite().all().ToBoolean()));
            Assert.Equal(start.shape, mapped.shape);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_error_is_one_at_the_start_and_none_at_a_solution(string name)
    {
        FixedPointProblem problem = FixedPointProblems.Named(name);
        if (problem.Error is null)
        {
            return;
        }

        (PerSampleMap map, Tensor start) = problem.Create();
        using PerSampleMap owned = map;
        using Tensor ownedStart = start;
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new SolverChain(), new StoppingRule { AbsoluteTolerance = 1e-10, MaxSteps = 500 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        double[][] found = [.. solution.Latent.data<double>().ToArray().Chunk(problem.Start.Count)];
        Assert.All(problem.Parameters.Zip(found), pair => Assert.InRange(problem.Error(pair.First, pair.Second), 0, problem.ErrorTolerance));

        // Of what is merely conserved the start may be right already, and of one sample so may the start: 0 for d = 0.
        if (name is not ("robertson" or "van-der-pol" or "bratu"))
        {
            Assert.Contains(problem.Parameters, q => problem.Error(q, [.. problem.Start]) > problem.ErrorTolerance);
        }
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_names()
    {
        string message = Assert.Throws<ArgumentException>(() => FixedPointProblems.Named("kepner")).Message;
        Assert.All(FixedPointProblems.All, problem => Assert.Contains(problem.Name, message, StringComparison.Ordinal));
        Assert.Equal(30, FixedPointProblems.All.Count);
    }
}
