using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class WatchedSolverTests : TensorTest
{
    public static TheoryData<string> Solvers => [.. All.Keys];

    private static Dictionary<string, IterativeSolver> All { get; } = new()
    {
        ["picard"] = new PicardSolver(),
        ["damped"] = new PicardSolver { Damping = 0.5 },
        ["anderson"] = new AndersonSolver(),
        ["broyden"] = new BroydenSolver(),
        ["newton-krylov"] = new NewtonKrylovSolver(),
    };

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_watched_solve_is_the_same_bit_by_bit(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = Map(out Tensor start);
        using FixedPointSolution own = FixedPoint.Solve(map, start, All[name]);
        int steps = 0;
        using FixedPointSolution watched = FixedPoint.Solve(map, start, WatchedSolver.Of(All[name], (step, _, _) => steps = step));
        Assert.Equal(own.Report.Samples, watched.Report.Samples);
        Assert.Equal(own.Latent.data<float>(), watched.Latent.data<float>());
        Assert.Equal(own.Report.Evaluations, watched.Report.Evaluations);
        Assert.Equal(own.Report.Samples.Max(sample => sample.Steps), steps);
    }

    [Theory]
    [InlineData("picard")]
    [InlineData("damped")]
    public void What_is_shown_at_a_step_is_what_a_solve_with_that_limit_returns(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = Map(out Tensor start);
        Dictionary<(int Step, int Sample), float[]> seen = [];
        StoppingRule stopping = new() { Returned = ReturnedIterate.Last };
        FixedPointSolver solver = WatchedSolver.Of(All[name], (step, latent, samples) =>
        {
            for (int position = 0; position < samples.Count; position++)
            {
                using Tensor row = latent[position];
                seen[(step, samples[position])] = [.. row.data<float>()];
            }
        });
        using FixedPointSolution whole = FixedPoint.Solve(map, start, solver, stopping);

        // Samples leave the batch on the way: only then does it matter which ones are left.
        Assert.True(whole.Report.Samples.Select(sample => sample.Steps).Distinct().Count() > 2);
        for (int limit = 1; limit <= whole.Report.Samples.Max(sample => sample.Steps); limit++)
        {
            using FixedPointSolution cut = FixedPoint.Solve(map, start, All[name], stopping with { MaxSteps = limit });
            for (int sample = 0; sample < start.shape[0]; sample++)
            {
                using Tensor row = cut.Latent[sample];
                Assert.Equal(row.data<float>(), seen[(cut.Report.Samples[sample].Steps, sample)]);
            }
        }
    }

    [Fact]
    public void A_chain_makes_no_one_row_of_iterates_and_stays_as_it_is()
    {
        SolverChain chain = new();
        Assert.Same(chain, WatchedSolver.Of(chain, (_, _, _) => { }));
    }

    // 64 contractions of different factors: they finish one after the other.
    private static PerSampleMap Map(out Tensor start)
    {
        Tensor factors = linspace(0.05, 0.9, 64).unsqueeze(1);
        Tensor q = (arange(64 * 6).to(ScalarType.Float32) * 0.7).sin().reshape(64, 6);
        start = zeros(64, 6);
        return new PerSampleMap((u, inputs) => (u * inputs.PerSample[0]).sin() + inputs.PerSample[1], new MapInputs { PerSample = [factors, q] });
    }
}
