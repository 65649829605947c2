using ImplicitNet.Operators;
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
