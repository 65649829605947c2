using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>
/// What a flow costs, in counts that every machine gives alike: evaluations, tensors, managed memory, and bytes of states that are kept
/// for a gradient.
/// </summary>
public sealed class FlowBudgetTests : TensorTest
{
    private const int Few = 40;

    // A field of two operations: two tensors for each of six evaluations are its own.
    private const int StepTensors = 12;

    [Theory]
    [InlineData(100, 5_500)]
    [InlineData(1, 2_600)]
    public void A_step_makes_no_tensors_of_its_own_and_little_garbage(int batch, int stepBytes)
    {
        using DisposeScope scope = NewDisposeScope();
        (long fewTensors, long fewBytes) = Measure(batch, Few);
        (long tensors, long bytes) = Measure(batch, 2 * Few);
        string counted = $"{Few} steps: {tensors - fewTensors} tensors and {bytes - fewBytes} bytes; beside them {(2 * fewTensors) - tensors} and {(2 * fewBytes) - bytes}";
        Assert.True(tensors - fewTensors <= Few * StepTensors && bytes - fewBytes <= Few * stepBytes, counted);
        TestContext.Current.TestOutputHelper?.WriteLine(counted);
    }

    [Theory]
    [InlineData("Tsit5", 6)]
    [InlineData("Dopri5", 6)]
    [InlineData("Bosh3", 3)]
    [InlineData("Heun", 2)]
    [InlineData("Midpoint", 2)]
    public void A_step_costs_its_stages_and_a_flow_two_evaluations_more(string name, int stages)
    {
        using DisposeScope scope = NewDisposeScope();
        int calls = 0;
        using PerSampleField field = new((t, u) =>
        {
            calls++;
            return u * t.cos().unsqueeze(1);
        });
        using FlowSolution flow = Flow.Solve(field, ones(7, 2, ScalarType.Float64), FlowTimes.Between(0, 3), new ExplicitRungeKutta(Tableaux.Of(name)));
        FlowSampleReport sample = flow.Report.Samples[0];
        Assert.Equal(flow.Report.Evaluations, 7L * calls);

        // The first stage and the one that finds the first step. Without a stage that is the next step's first, a rejected step keeps its first.
        bool isFirstSameAsLast = Tableaux.Of(name).IsFirstSameAsLast;
        int expected = isFirstSameAsLast ? 2 + (stages * sample.Steps) : 1 + (stages * sample.Accepted) + ((stages - 1) * sample.Rejected);
        Assert.Equal(expected, calls);
    }

    [Fact]
    public void Samples_of_many_speeds_need_fewer_evaluations_than_by_one_common_step()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        Tensor first = randn(64, 512, ScalarType.Float32) / 8, second = randn(512, 64, ScalarType.Float32) / 22.6;
        Tensor speeds = linspace(1, 30, 100).unsqueeze(1), start = randn(100, 64);
        Tensor Function(Tensor t, Tensor u, MapInputs inputs) => inputs.PerSample[0] * u.mm(first).tanh().mm(second);
        PidController steps = new() { RelativeTolerance = 1e-5, AbsoluteTolerance = 1e-5 };
        (long own, long common, long all) = Evaluations(Function, speeds, start, 1, steps);

        // One norm over the whole batch lets the fastest samples be off by more than their tolerance.
        string counted = $"{own} evaluations by steps of their own, {common} by common ones, {all} by those of the fastest";
        TestContext.Current.TestOutputHelper?.WriteLine(counted);
        Assert.True(own <= 0.8 * common && own <= 0.65 * all, counted);
    }

    [Fact]
    public void Van_der_Pols_oscillators_of_many_stiffnesses_need_at_most_a_quarter()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor mu = logspace(0, 2, 100, 10, ScalarType.Float64), start = tensor(new[] { 2.0, 0 }).repeat(100, 1);
        static Tensor Function(Tensor t, Tensor u, MapInputs inputs) =>
            stack([u[.., 1], ((1 - u[.., 0].square()) * u[.., 1] * inputs.PerSample[0]) - u[.., 0]], 1);
        PidController steps = new() { RelativeTolerance = 1e-6, AbsoluteTolerance = 1e-6, MaxSteps = 100_000 };
        (long own, long common, _) = Evaluations(Function, mu, start, 20, steps);
        TestContext.Current.TestOutputHelper?.WriteLine($"{own} evaluations by steps of their own, {common} by common ones");
        Assert.True(4 * own <= common, $"{own} evaluations by steps of their own, {common} by common ones");
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public void States_that_are_kept_stay_within_their_budget(int steps)
    {
        const long Budget = 20_000;
        const int Batch = 5, RowBytes = 8 * 4;
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => u);
        using FlowSolution flow = Flow.Solve(
            field, ones(Batch, 4, ScalarType.Float64), FlowTimes.Between(0, 1), new ExplicitRungeKutta(ButcherTableau.Euler), new FixedSteps(steps),
            terminal: null, trace: null, tapeBytes: Budget, CancellationToken.None);
        Assert.True(flow.Tape!.Bytes <= Budget, $"{flow.Tape.Bytes} bytes");

        // No more is left out than must be.
        long all = (long)steps * Batch * RowBytes;
        Assert.True(flow.Tape.Stride <= Math.Max(1, 4 * all / Budget), $"every {flow.Tape.Stride} steps");
        Assert.Equal(steps, flow.Tape.Steps(0));
    }

    [Fact]
    public void A_budget_smaller_than_the_starts_holds_these_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => u);
        using FlowSolution flow = Flow.Solve(
            field, ones(500, 4, ScalarType.Float64), FlowTimes.Between(0, 1), new ExplicitRungeKutta(ButcherTableau.Euler), new FixedSteps(100),
            terminal: null, trace: null, tapeBytes: 1000, CancellationToken.None);
        Assert.True(flow.Tape!.Bytes <= (501 * 32) + 1000, $"{flow.Tape.Bytes} bytes");
    }

    private static (long Own, long Common, long All) Evaluations(
        Func<Tensor, Tensor, MapInputs, Tensor> function, Tensor input, Tensor start, double time, PidController steps)
    {
        using PerSampleField own = new(function, new MapInputs { PerSample = [input] });
        using CoupledField common = new(function, new MapInputs { PerSample = [input] });
        using FlowSolution apart = Flow.Solve(own, start, FlowTimes.Between(0, time), steps: steps);
        using FlowSolution together = Flow.Solve(common, start, FlowTimes.Between(0, time), steps: steps);
        apart.Report.ThrowIfFailed();
        together.Report.ThrowIfFailed();
        return (apart.Report.Evaluations, together.Report.Evaluations, start.shape[0] * (2 + (6L * apart.Report.Samples.Max(sample => sample.Steps))));
    }

    private static (long Tensors, long Bytes) Measure(int batch, int steps)
    {
        Tensor weight = eye(64) * 0.1, start = ones(batch, 64);
        using PerSampleField field = new((_, u) => u.mm(weight).tanh());
        for (int warmUp = 0; warmUp < 3; warmUp++)
        {
            Flow.Solve(field, start, FlowTimes.Between(0, 1), steps: new FixedSteps(steps)).Dispose();
        }

        LifetimeStatistics statistics = DisposeScopeManager.Statistics.TensorStatistics;
        long made = Made(statistics), bytes = GC.GetAllocatedBytesForCurrentThread();
        Flow.Solve(field, start, FlowTimes.Between(0, 1), steps: new FixedSteps(steps)).Dispose();
        return (Made(statistics) - made, GC.GetAllocatedBytesForCurrentThread() - bytes);
    }

    private static long Made(LifetimeStatistics statistics) => statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;
}
