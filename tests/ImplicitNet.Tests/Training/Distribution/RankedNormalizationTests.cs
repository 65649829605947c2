using ImplicitNet.Operators;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>Ranks that meet within a forward and a backward pass, to normalise a batch as one.</summary>
public sealed class RankedNormalizationTests : TensorTest
{
    /// <summary>In float64. Uneven shares, and in the last batch of two samples one that stands in.</summary>
    [Theory]
    [InlineData(2, 34)]
    [InlineData(3, 32)]
    public void Ranks_normalise_as_one_process_does(int size, int count)
    {
        RankedRuns runs = new() { Source = RankedRuns.Points(count, 10), Model = () => new Normalized() };
        RankOutcome alone = RankOutcome.Good(runs.Of(1)), first = RankOutcome.Good(runs.Of(size));
        double distance = Math.Sqrt(
            alone.Gradient.Zip(first.Gradient, (one, other) => (one - other) * (one - other)).Sum() / alone.Gradient.Sum(value => value * value));
        Assert.InRange(distance, 0, 1e-12);
        Assert.All(alone.Losses.Zip(first.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_fails_between_two_sums_of_a_pass_ends_all(bool isForward)
    {
        RankedRuns runs = new()
        {
            Model = () => new Normalized(),
            Prepare = (rank, model) => ((Normalized)model).Between = rank != 1 ? value => value
                : isForward ? _ => throw new FormatException("on the way") : Overwritten,
        };
        RankOutcome[] ranks = runs.Of(3);
        Assert.NotNull(ranks[1].Failure);
        Assert.IsNotType<CollectiveException>(ranks[1].Failure);
        foreach (RankOutcome other in (RankOutcome[])[ranks[0], ranks[2]])
        {
            Assert.StartsWith("Rank 1 of 3 failed", Assert.IsType<CollectiveException>(other.Failure).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The first gradient is the mean of those of two batches of half the size; in a run that began otherwise it is refused.</summary>
    [Fact]
    public void Ranks_with_statistics_of_their_own_train_as_on_the_mean_of_their_shares()
    {
        using TemporaryFolder folder = new();
        RankedRuns runs = new()
        {
            Source = new InOrderPoints(8) { IsShuffled = false },
            Model = () => new Normalized(),
            Folder = folder.Path,
            Options = new RankedRuns().Options with { Epochs = 1, LocalBatchStatistics = true },
        };
        RankOutcome first = RankOutcome.Good(runs.Of(2, out IReadOnlyList<string> calls));
        RankOutcome[] halves = [.. Enumerable.Range(0, 2).Select(half => RankOutcome.Good((runs with { Folder = null, Source = new InOrderPoints(4, 4 * half) { IsShuffled = false } }).Of(1)))];
        Assert.All(
            first.Gradient.Zip(halves[0].Gradient.Zip(halves[1].Gradient)),
            entry => Assert.Equal((entry.Second.First + entry.Second.Second) / 2, entry.First, 1e-12));
        RankOutcome whole = RankOutcome.Good((runs with { Folder = null, Options = runs.Options with { LocalBatchStatistics = false } }).Of(2, out IReadOnlyList<string> more));
        Assert.Contains(first.Gradient.Zip(whole.Gradient), pair => Math.Abs(pair.First - pair.Second) > 1e-3);
        Assert.True(more.Count >= calls.Count + 8, $"{calls.Count} and {more.Count} calls");

        RankOutcome[] other = (runs with { Resumes = true, Options = runs.Options with { LocalBatchStatistics = false } }).Of(2);
        Assert.Contains("training.LocalBatchStatistics was true and is false", other[0].Failure!.Message, StringComparison.Ordinal);
    }

    /// <summary>One batch of points, in their order.</summary>
    private sealed class InOrderPoints(int count, int from = 0) : IndexedBatches("points", count, count, seed: 1)
    {
        public override object? Identity => null;

        protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
        {
            int[] numbers = [.. indices.ToArray().Select(index => index + from)];
            double[] values = [.. numbers.SelectMany(number => (double[])[Math.Sin(number), Math.Cos(3 * number)])];
            return new Batch(tensor(values, [numbers.Length, 2], ScalarType.Float64), tensor(numbers.Select(number => number % 3L).ToArray()));
        }
    }

    /// <summary>Torch finds in the backward pass that what it kept is another.</summary>
    private static Tensor Overwritten(Tensor value)
    {
        Tensor kept = value.exp();
        Tensor answer = kept * 2;
        kept.add_(1);
        return answer;
    }

    private sealed class Normalized : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _first;
        private readonly BatchNormalization _one = new(5, dtype: ScalarType.Float64);
        private readonly BatchNormalization _other = new(5, dtype: ScalarType.Float64);
        private readonly nn.Module<Tensor, Tensor> _last;

        public Normalized()
            : base(nameof(Normalized))
        {
            random.manual_seed(1);
            (_first, _last) = (nn.Linear(2, 5, dtype: ScalarType.Float64), nn.Linear(5, 3, dtype: ScalarType.Float64));
            RegisterComponents();
        }

        public Func<Tensor, Tensor> Between { get; set; } = value => value;

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor middle = Between(_one.call(_first.call(input)).tanh());
            return _last.call(_other.call(middle)).MoveToOuterDisposeScope();
        }
    }
}
