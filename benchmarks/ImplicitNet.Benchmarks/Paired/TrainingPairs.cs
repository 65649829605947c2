using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Benchmarks.Naive;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>
/// Our training step against the naive one at the sizes of the published training on MNIST: two latent layers of 32 channels,
/// gamma 0.5, the published stopping rule.
/// </summary>
/// <remarks>
/// Before every round our tolerance is set by what the naive procedure attains then on the round's first batch: for the
/// contraction the least relative residual of any sample, which all samples must meet; for the published network, which is
/// solved as one system with one residual, that of the whole batch.
/// </remarks>
internal sealed class TrainingPairs : IDisposable
{
    private const double Gamma = 0.5;
    private const double LearningRate = 1e-3;
    private const int MostBatches = 100;
    private const int CheckedBatches = 5;

    private readonly PreparedBatches _batches;
    private readonly int _batch;
    private readonly int _steps;

    /// <summary>Prepares the batches.</summary>
    /// <param name="images">To train on.</param>
    /// <param name="batch">Images in a batch.</param>
    /// <param name="steps">Training steps in a round.</param>
    public TrainingPairs(MeasuredImages images, int batch, int steps)
    {
        _batches = PreparedBatches.ToTrain(images, batch, MostBatches);
        (_batch, _steps) = (batch, steps);
    }

    /// <summary>
    /// The contraction of the same size; then the published network through the library. Each is made when its turn comes.
    /// </summary>
    public IEnumerable<PairResult> Run(Rounds rounds, Machine machine, string images)
    {
        using ImplicitNetwork published = MnistFpn.Create(Options);
        ImplicitNetwork contraction =
            DigitClassifier.Create(new DigitClassifierOptions { Gamma = Gamma, ResidualBlocks = Options.LatentLayers - 1 });
        yield return Measure("contraction of the same size", contraction, published, residuals => residuals.Relative.Min(), rounds,
            machine, images);

        // Both sides begin with the same weights.
        yield return Measure("published network", MnistFpn.Create(Options), null, residuals => residuals.WholeBatch, rounds, machine,
            images);
    }

    public void Dispose() => _batches.Dispose();

    private static MnistFpnOptions Options { get; } = new() { LatentLayers = 2, Gamma = Gamma };

    private PairResult Measure(
        string name, ImplicitNetwork network, ImplicitNetwork? published, Func<LatentResiduals, double> tolerance, Rounds rounds,
        Machine machine, string images)
    {
        using LibraryTraining ours = new(network, LearningRate);
        using NaiveNetwork naive = new(published ?? network, Options);
        using NaiveTraining training = new(naive, LearningRate);
        naive.train();
        (long Steps, long Solves) paid = default;
        return PairResult.Of(
            new Pair
            {
                Name = "training step",
                BaselineName = "naive procedure",
                CandidateName = $"ImplicitNet, {name}",
                Batch = _batch,
                Unit = "step",
                UnitsInRound = _steps,
                Prepare = round =>
                {
                    double relative = tolerance(LatentResiduals.Of(naive, _batches.ChannelsFirst(round * _steps).Images));
                    network.Stopping = network.Stopping with { RelativeTolerance = Usable(relative), AbsoluteTolerance = null };
                },
                Baseline = round => Steps(round, index =>
                {
                    (Tensor data, Tensor labels) = _batches.ChannelsFirst(index);
                    training.Step(data, labels);
                    paid = (paid.Steps + naive.Steps, paid.Solves + 1);
                }),
                Candidate = round => Steps(round, index =>
                {
                    (Tensor data, Tensor labels) = _batches.ChannelsLast(index);
                    ours.Step(data, labels);
                }),
                Facts = () =>
                [
                    new Fact("mean steps of a sample", (double)paid.Steps / paid.Solves, ours.MeanSteps, "0.00"),
                    new Fact("samples not converged", null, ours.Failures, "0"),
                    new Fact("relative tolerance of ours in the last round", null, network.Stopping.RelativeTolerance ?? 0),
                    .. LatentResiduals.Compare(
                        LatentResiduals.Join(Checked().Select(index => LatentResiduals.Of(naive, _batches.ChannelsFirst(index).Images))),
                        LatentResiduals.Join(Checked().Select(index => LatentResiduals.Of(network, _batches.ChannelsLast(index).Images)))),
                ],
            },
            rounds,
            machine,
            images);
    }

    private IEnumerable<int> Checked() => Enumerable.Range(0, Math.Min(CheckedBatches, _batches.Count));

    private void Steps(int round, Action<int> step)
    {
        for (int i = 0; i < _steps; i++)
        {
            step((round * _steps) + i);
        }
    }

    // A naive solve that blew up has no residual to keep to; what float32 cannot resolve no solve meets.
    private static double Usable(double relative) => double.IsFinite(relative) ? Math.Clamp(relative, 1e-6, 0.5) : 1e-3;
}
