using System.Diagnostics;
using ImplicitNet.Certification;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers.Fronts;

/// <summary>Maps that carry what they know from place to place: solved exactly, though their residual says nothing on the way.</summary>
public sealed class FrontTests(ITestOutputHelper output) : TensorTest
{
    private const int MazesInShortRun = 24;

    private static readonly StoppingRule Rule = new() { MaxSteps = 20_000, Stall = new LatentStall() };

    public static TheoryData<int, ScalarType> Lengths =>
        [(200, ScalarType.Float32), (200, ScalarType.Float64), (2000, ScalarType.Float32), (2000, ScalarType.Float64)];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void The_shift_map_converges_in_as_many_steps_as_it_is_long_and_one_whatever_is_beside_it(int length, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        int[] lengths = [length, 3, length / 2, 60, length, 51, 1, 49];
        Tensor mask = (arange(length).unsqueeze(0) < tensor(lengths).unsqueeze(1)).to(dtype);
        using FixedPointMap map = Shift(mask);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(mask), stopping: Rule);
        IEnumerable<(SolveStatus, int)> found = solution.Report.Samples.Select(sample => (sample.Status, sample.Steps));
        Assert.Equal(lengths.Select(one => (SolveStatus.Converged, one + 1)), found);
        Assert.True(solution.Latent.eq(mask).all().ToBoolean());
        Assert.Equal(lengths.Sum(one => one + 1L), solution.Report.Evaluations);

        using FixedPointMap single = Shift(mask.narrow(0, 0, 1));
        StoppingRule patient = Rule with { Patience = length + 2, Stall = Stall.Residual };
        foreach (StoppingRule rule in new[] { Rule, Rule with { Stall = Stall.None }, Rule with { Patience = 7 }, patient })
        {
            using FixedPointSolution alone = FixedPoint.Solve(single, zeros(1, length, dtype), stopping: rule);
            Assert.Equal((SolveStatus.Converged, length + 1), (alone.Report.Samples[0].Status, alone.Report.Samples[0].Steps));
            Assert.True(alone.Latent.eq(1).all().ToBoolean());
        }
    }

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void No_solver_brings_a_front_further_than_one_place_by_an_evaluation(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        const int Length = 200;
        using FixedPointMap map = Shift(ones(1, Length, ScalarType.Float64));
        StoppingRule rule = Rule with { MaxSteps = 2000 };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, Length, ScalarType.Float64), SolverCases.Named(solver), rule);
        SampleReport sample = solution.Report.Samples[0];
        output.WriteLine($"| {solver} | {sample.Status} | {sample.Steps} | {solution.Report.Evaluations} |");
        Assert.True(sample.Status != SolveStatus.Converged || solution.Report.Evaluations > Length, sample.ToString());
        Assert.True(solver != "Picard" || (sample.Status == SolveStatus.Converged && solution.Report.Evaluations == Length + 1));
    }

    [Fact]
    public void Sums_modulo_2_are_exact_in_as_many_steps_as_there_are_bits_and_one()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((int bits, int count) in new[] { (1, 20), (32, 200), (4096, 4) })
        {
            using Batch batch = new PrefixSums(bits, count).First(count);
            using RunningParity sums = new();
            using FixedPointMap map = sums.Bind(cat([batch.Inputs, ones_like(batch.Inputs)], 1));
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(batch.Inputs), stopping: Rule);
            Assert.True(solution.Latent.squeeze(1).eq(batch.Targets).all().ToBoolean());
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            Assert.InRange(solution.Report.MaxSteps, bits < 4096 ? bits : 0, bits + 1);
        }
    }

    [Fact]
    public void Sums_modulo_2_of_4096_bits_are_exact()
    {
        using DisposeScope scope = NewDisposeScope();
        (int[] lengths, int longest) = ([4096, 100, 4096, 1000, 4096, 17], 4096);
        Random random = new(5);
        float[] bits = [.. Enumerable.Range(0, lengths.Length * longest).Select(_ => (float)random.Next(2))];
        Tensor mask = (arange(longest).unsqueeze(0) < tensor(lengths).unsqueeze(1)).to(ScalarType.Float32).unsqueeze(1);
        Tensor given = tensor(bits, [lengths.Length, 1, longest]) * mask;
        using RunningParity sums = new();
        using FixedPointMap map = sums.Bind(cat([given, mask], 1));
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(mask), stopping: Rule);
        float[] found = [.. solution.Latent.data<float>()];
        for (int sample = 0; sample < lengths.Length; sample++)
        {
            bool isOdd = false;
            for (int position = 0; position < longest; position++)
            {
                isOdd ^= position < lengths[sample] && bits[(sample * longest) + position] == 1;
                Assert.Equal(isOdd && position < lengths[sample] ? 1 : 0, found[(sample * longest) + position]);
            }

            Assert.Equal(SolveStatus.Converged, solution.Report.Samples[sample].Status);
            Assert.InRange(solution.Report.Samples[sample].Steps, 2, lengths[sample] + 1);
        }

        int[] steps = [.. solution.Report.Samples.Select(sample => sample.Steps)];
        output.WriteLine($"Sums: {string.Join(", ", steps)} steps for {string.Join(", ", lengths)} bits");
    }

    /// <summary>A thousand mazes of 101 x 101 by IMPLICITNET_MAZES=1000; two dozen without.</summary>
    [Fact]
    public void Dead_ends_fill_up_to_the_one_path_in_as_many_steps_as_the_longest_is_long_and_one()
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("IMPLICITNET_MAZES"), out int asked) ? asked : MazesInShortRun;
        foreach (Mazes mazes in new Mazes[] { new(5, 200), new(9, 200), new(33, 20), new(101, count, batchSize: 25) })
        {
            int most = 0, sample = 0;
            Stopwatch watch = Stopwatch.StartNew();
            foreach (Batch batch in mazes.InOrder())
            {
                using Batch owned = batch;
                using DisposeScope scope = NewDisposeScope();
                using ImplicitLayer layer = Layer();
                using IDisposable noGraph = no_grad();
                using ImplicitResult result = layer.Run(Given(batch.Inputs));
                Assert.True(result.Output.squeeze(1).eq(batch.Targets).all().ToBoolean());
                Assert.True(result.Report.AllConverged, result.Report.ToString());
                foreach (SampleReport report in result.Report.Samples)
                {
                    Assert.Equal(mazes[sample++].LongestDeadEnd + 1, report.Steps);
                }

                most = Math.Max(most, result.Report.MaxSteps);
            }

            output.WriteLine($"{mazes.Count} {mazes.Name}: exact, {most} steps at most, {watch.Elapsed.TotalSeconds:0.0} s");
        }
    }

    [Fact]
    public void From_zero_the_same_map_ends_at_another_fixed_point_and_path_independence_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = new Mazes(9, 100).First(100);
        using ImplicitLayer layer = Layer();
        using ImplicitResult result = layer.Run(Given(batch.Inputs), start: StartingPoint.Zero);
        Assert.True(result.Report.AllConverged);
        Assert.InRange(result.Latent.squeeze(1).eq(batch.Targets).flatten(1).all(1).sum().ToInt32(), 0, 20);

        PathIndependenceReport report = PathIndependence.Measure(
            layer, () => layer.Run(Given(batch.Inputs)).Output, [StartingPoint.Operator, StartingPoint.Zero], found => found.squeeze(1));
        Assert.InRange(report.SameAnswers.Count(same => same == false), 80, 100);
        Assert.True(report.Distance > 0.3, report.ToString());
    }

    private static ImplicitLayer Layer() => new(new DeadEnds()) { Stopping = Rule };

    private static Tensor Given(Tensor maze) => cat([maze.narrow(1, 0, 1), maze.narrow(1, 1, 2).sum(1, keepdim: true)], 1);

    /// <summary>u_1 = 1, u_i = u_(i-1), as far as each sample is long.</summary>
    private static PerSampleMap Shift(Tensor mask) =>
        new((u, within) => cat([ones_like(u.narrow(1, 0, 1)), u.narrow(1, 0, u.shape[1] - 1)], 1) * within, mask);
}
