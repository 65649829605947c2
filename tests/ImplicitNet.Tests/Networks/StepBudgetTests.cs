using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>
/// What a training step costs, in counts that every machine gives alike: a change that makes it dearer is seen here, not in
/// times. Limits are what was counted when they were set, with a little room where the runtime's own optimisations show. Beside the
/// steps, training looks at the data (a sum), the weight (its largest element) and the random state (before and after R is attached).
/// </summary>
public sealed class StepBudgetTests : TensorTest
{
    private const int Batch = 100;

    // So few that residuals fall from step to step: at float32's rounding a step that raises one saves the row before.
    private const int Few = 5;

    // A step by our own convolution makes one view more, but no tensors inside.
    private static readonly int StepTensors = WinogradConvolution.IsFaster ? 10 : 9;
    private static readonly int StepBytes = WinogradConvolution.IsFaster ? 10_500 : 9_000;

    [Fact]
    public void A_training_step_encodes_once_and_evaluates_the_map_once_more_than_the_solve()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        CountingModule encoder = new();
        CountingOperator latentOperator = new();
        using ImplicitNetwork network = new(encoder, latentOperator, nn.Linear(8, 3))
        {
            Stopping = new StoppingRule { RelativeTolerance = 0, MaxSteps = 7 },
            OnFailure = new WarnOnFailure { Warn = static _ => { } },
        };
        using ImplicitResult result = network.Run(randn(Batch, 8));
        result.Output.sum().backward();
        Assert.Equal(7 * Batch, result.Report.Evaluations);
        Assert.Equal((1, 1, 7 + 1), (encoder.Calls, latentOperator.Binds, latentOperator.Evaluations));
        Assert.Equal(0, result.Gradient.Products);
    }

    [Fact]
    public void Without_gradients_nothing_is_evaluated_beyond_the_solve()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(1);
        CountingOperator latentOperator = new();
        using ImplicitNetwork network = new(nn.Linear(8, 8), latentOperator, nn.Linear(8, 3));
        using ImplicitResult result = network.Run(randn(Batch, 8));
        Assert.True(result.Report.AllConverged);
        Assert.Equal(result.Report.MaxSteps, latentOperator.Evaluations);
    }

    [Fact]
    public void Finished_samples_are_paid_for_by_a_thirty_second_at_most()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => u * q, linspace(0.05, 0.9, 256, ScalarType.Float64).unsqueeze(1));
        using FixedPointSolution solution = FixedPoint.Solve(map, ones(256, 4, dtype: ScalarType.Float64), stopping: new StoppingRule { AbsoluteTolerance = 1e-6, MaxSteps = 500 });
        long own = solution.Report.Samples.Sum(sample => (long)sample.Steps);
        Assert.True(solution.Report.AllConverged);
        Assert.InRange(solution.Report.Evaluations, own, own * 33 / 32);
    }

    [Theory]
    [InlineData(true, 158, 80_000)]
    [InlineData(false, 124, 58_000)]
    public void A_step_makes_no_more_tensors_and_no_more_garbage_than_when_this_was_written(bool isTraining, long fixedTensors, long fixedBytes)
    {
        (Cost few, Cost many) = (Measure(isTraining, Few), Measure(isTraining, 2 * Few));
        (long tensors, long bytes) = (many.Tensors - few.Tensors, many.Bytes - few.Bytes);
        string counted = $"{Few} solver steps: {tensors} tensors and {bytes} bytes; beside them {few.Tensors - tensors} and {few.Bytes - bytes}; {few.Left} and {many.Left} left alive";
        Assert.True(few.Left == 0 && many.Left == 0, counted);
        Assert.True(tensors <= Few * StepTensors && few.Tensors <= fixedTensors + (Few * StepTensors), counted);
        Assert.True(bytes <= Few * StepBytes && few.Bytes <= fixedBytes + (Few * StepBytes), counted);
    }

    private static Cost Measure(bool isTraining, int steps)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { Gamma = 0.9 });
        network.Stopping = new StoppingRule { RelativeTolerance = 0, MaxSteps = steps };
        network.OnFailure = new WarnOnFailure { Warn = static _ => { } };
        Tensor images = randn(Batch, 28, 28, 1).permute(0, 3, 1, 2);
        Tensor labels = arange(Batch, ScalarType.Int64) % 10;
        network.train(isTraining);
        Action step = isTraining ? () => Train(network, images, labels) : () => Infer(network, images);
        for (int warmUp = 0; warmUp < 3; warmUp++)
        {
            step();
        }

        LifetimeStatistics statistics = DisposeScopeManager.Statistics.TensorStatistics;
        long made = Made(statistics);
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long live = Live;
        step();
        return new Cost(Made(statistics) - made, GC.GetAllocatedBytesForCurrentThread() - bytes, Live - live);
    }

    private static void Train(ImplicitNetwork network, Tensor images, Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        network.zero_grad();
        using ImplicitResult result = network.Run(images);
        result.Average(nn.functional.cross_entropy(result.Output, labels, reduction: nn.Reduction.None)).backward();
        result.Gradient.ThrowIfFailed();
    }

    private static void Infer(ImplicitNetwork network, Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitResult result = network.Run(images);
    }

    private static long Made(LifetimeStatistics statistics) => statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;

    /// <param name="Tensors">Handles made.</param>
    /// <param name="Bytes">Managed memory allocated.</param>
    /// <param name="Left">Handles alive afterwards that were not before.</param>
    private sealed record Cost(long Tensors, long Bytes, long Left);

    private sealed class CountingModule() : nn.Module<Tensor, Tensor>(nameof(CountingModule))
    {
        public int Calls { get; private set; }

        public override Tensor forward(Tensor input)
        {
            Calls++;
            return input.tanh();
        }
    }

    /// <summary>u / 2 + q, counted.</summary>
    private sealed class CountingOperator() : LatentOperator(nameof(CountingOperator))
    {
        public int Binds { get; private set; }

        public int Evaluations { get; private set; }

        public override FixedPointMap Bind(Tensor q)
        {
            Binds++;
            return new PerSampleMap(
                (u, inputs) =>
                {
                    Evaluations++;
                    return (u * 0.5) + inputs.PerSample[0];
                },
                new MapInputs { PerSample = [q], Parameters = [] });
        }

        public override Tensor StartingLatent(Tensor q) => zeros_like(q);
    }
}
