using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Training;
using ImplicitNet.Training;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Masks of dropout are a function of seed, sample and place in the call, and of nothing else.</summary>
public sealed class SampleDrawsTests : TensorTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_samples_mask_is_the_same_alone_anywhere_in_a_batch_in_halves_and_in_either_layout(bool dropsChannels)
    {
        using DisposeScope scope = NewDisposeScope();
        using SampleDropout dropout = new(0.4, dropsChannels);
        long[] samples = [7, 3, 123456789012, 0, 11];
        Tensor Masks(long[] numbers, Tensor? input = null)
        {
            using SampleDraws draws = new(5, numbers);
            return cat([dropout.call(input ?? ones(numbers.Length, 30, 3, 2)), dropout.call(input ?? ones(numbers.Length, 30, 3, 2))], 1);
        }

        Tensor all = Masks(samples);
        foreach ((int row, long sample) in samples.Index())
        {
            AssertSame(all.narrow(0, row, 1), Masks([sample]));
        }

        AssertSame(all, cat([Masks(samples[..2]), Masks(samples[2..])]));
        AssertSame(all.flip(0), Masks([.. samples.Reverse()]));
        AssertSame(all, Masks(samples, ones(5, 3, 2, 30).permute(0, 3, 1, 2)));
        Assert.True(!dropsChannels || all.flatten(2).std(2).max().ToDouble() == 0);

        // Of rows, of masks in a call, and of seeds.
        Assert.Equal(5, all.flatten(1).unique_consecutive(dim: 0).Item1.shape[0]);
        Assert.False(all.narrow(1, 0, 30).equal(all.narrow(1, 30, 30)).all().ToBoolean());
        using SampleDraws other = new(6, samples);
        Assert.False(all.narrow(1, 0, 30).equal(dropout.call(ones(5, 30, 3, 2))).all().ToBoolean());
    }

    [Fact]
    public void Masks_of_operators_are_the_samples_own_and_stay_for_a_solve()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using MultiscaleOperator images = new([4, 4], (6, 6), dropout: 0.5);
        using EquilibriumTransformer texts = new(4, 2, 8, dropout: 0.5);
        (Tensor q, Tensor tokens) = (randn(3, 4, 6, 6), randn(3, 5, 4));
        foreach ((LatentOperator latentOperator, Tensor input) in ((LatentOperator, Tensor)[])[(images, q), (texts, tokens)])
        {
            using FixedPointMap all = Bound(latentOperator, input, [4, 5, 6]), last = Bound(latentOperator, input.narrow(0, 2, 1), [6]);
            Tensor[] masks = [.. all.Inputs.PerSample.TakeLast(2)], own = [.. last.Inputs.PerSample.TakeLast(2)];
            Assert.All(masks.Zip(own), pair => AssertSame(pair.First.narrow(0, 2, 1), pair.Second));
            Assert.All(masks, mask => Assert.Equal([0f, 2f], mask.unique().Item1.data<float>().ToArray()));
            Tensor u = latentOperator.StartingLatent(input);
            AssertSame(all.Evaluate(u), all.Evaluate(u));
        }

        static FixedPointMap Bound(LatentOperator latentOperator, Tensor input, long[] samples)
        {
            using SampleDraws draws = new(9, samples);
            return latentOperator.Bind(input);
        }
    }

    [Fact]
    public void The_share_is_the_one_asked_for_and_numbers_know_nothing_of_each_other()
    {
        using DisposeScope scope = NewDisposeScope();
        const int samples = 400, each = 500;
        const double share = 0.3, most = 4.5;
        using SampleDropout dropout = new(share);
        using SampleDraws draws = new(1, [.. Enumerable.Range(0, samples)]);
        Tensor first = Kept(), second = Kept();
        double deviation = Math.Sqrt(share * (1 - share));
        Assert.InRange((first.mean().ToDouble() - (1 - share)) / (deviation / Math.Sqrt(samples * each)), -most, most);

        // Sums of rows and columns have the variance of a binomial distribution: that of a sum of squares of n of them is 2 / n.
        foreach ((int dimension, int count, int others) in ((int, int, int)[])[(1, each, samples), (0, samples, each)])
        {
            double variance = ((first.mean([dimension]) - (1 - share)) / (deviation / Math.Sqrt(count))).square().mean().ToDouble();
            Assert.InRange((variance - 1) / Math.Sqrt(2.0 / others), -most, most);
        }

        foreach (Tensor beside in (Tensor[])[second, first.roll(1, 0), first.roll(1, 1), first.roll(2, 1)])
        {
            double product = ((first - (1 - share)) * (beside - (1 - share))).mean().ToDouble() / (deviation * deviation);
            Assert.InRange(product * Math.Sqrt(samples * each), -most, most);
        }

        Tensor Kept() => dropout.call(ones(samples, each)).ne(0).to(ScalarType.Float64);
    }

    [Fact]
    public void What_is_kept_grows_by_what_is_not_and_a_gradient_goes_the_same_way()
    {
        using DisposeScope scope = NewDisposeScope();
        using SampleDropout dropout = new(0.25);
        using SampleDraws draws = new(2, [1, 2]);
        Tensor x = randn([2, 50], ScalarType.Float64).requires_grad_();
        Tensor value = dropout.call(x), mask = value.ne(0).to(ScalarType.Float64) / 0.75;
        value.sum().backward();
        AssertSame(mask, x.grad!);
        Assert.InRange((value - (x * mask)).abs().max().ToDouble(), 0, 1e-15);
        AssertSame(x, new SampleDropout(0).call(x));
        dropout.eval();
        AssertSame(x, dropout.call(x));
    }

    [Fact]
    public void Without_them_it_is_torchs_own_and_with_them_torchs_random_state_stays_as_it_is()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (bool dropsChannels in (bool[])[false, true])
        {
            using SampleDropout dropout = new(0.5, dropsChannels);
            using nn.Module<Tensor, Tensor> torchs = dropsChannels ? nn.Dropout2d(0.5) : nn.Dropout(0.5);
            Tensor x = randn(3, 4, 5, 5);
            random.manual_seed(3);
            Tensor own = dropout.call(x);
            random.manual_seed(3);
            AssertSame(torchs.call(x), own);
            using SampleDraws draws = new(1, [1, 2, 3]);
            using Tensor before = get_rng_state();
            dropout.call(x);
            using Tensor after = get_rng_state();
            AssertSame(before, after);

            // Rows that no sample is known of.
            dropout.call(randn(4, 4, 5, 5));
            using Tensor moved = get_rng_state();
            Assert.False(after.equal(moved).all().ToBoolean());
        }
    }

    [Fact]
    public void Several_rows_of_a_sample_have_masks_of_their_own()
    {
        using DisposeScope scope = NewDisposeScope();
        using SampleDropout dropout = new(0.5);
        Tensor both, one;
        using (SampleDraws draws = new(4, [8, 9]))
        {
            both = dropout.call(ones(6, 40));
        }

        using (SampleDraws draws = new(4, [9]))
        {
            one = dropout.call(ones(3, 40));
        }

        AssertSame(both.narrow(0, 3, 3), one);
        Assert.Equal(6, both.unique_consecutive(dim: 0).Item1.shape[0]);
    }

    [Fact]
    public void A_map_that_drops_at_every_evaluation_is_noticed_all_the_same()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using SampleDropout dropout = new(0.3);
        Tensor q = randn(4, 6).requires_grad_();
        using SampleDraws draws = new(1, [1, 2, 3, 4]);
        StoppingRule few = new() { MaxSteps = 5 };
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() =>
        {
            using PerSampleMap map = new((u, input) => (dropout.call(u) * 0.4) + input, q);
            Implicit.Solve(map, zeros(4, 6), new SolveSettings { Stopping = few, OnFailure = new AcceptMaxSteps() });
        });
        Assert.StartsWith("R draws random numbers", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_that_stay_are_attached_with_the_masks_that_they_were_solved_with()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        using ImplicitLayer layer = new(new EquilibriumTransformer(4, 2, 8, dropout: 0.5, dtype: ScalarType.Float64))
        {
            OnFailure = new MaskFailures(),
            Stopping = new StoppingRule { RelativeTolerance = 1e-10 },
        };
        Tensor q = randn([3, 5, 4], ScalarType.Float64);
        q[1, 2, 0] = double.NaN;
        q = q.requires_grad_();
        using SampleDraws draws = new(3, [1, 2, 3]);
        using ImplicitResult result = layer.Run(q);
        Assert.Equal([true, false, true], result.Included);
        Tensor away = (result.Output - result.Latent).abs();
        Assert.InRange(Math.Max(away[0].max().ToDouble(), away[2].max().ToDouble()), 0, 1e-8);
    }

    /// <summary>Each from another state of torch's own generator.</summary>
    [Fact]
    public void A_training_with_dropout_is_a_function_of_the_seed_of_its_data()
    {
        using DisposeScope scope = NewDisposeScope();
        byte[] one = Trained(1), other = Trained(2);
        Assert.Equal(one, other);

        static byte[] Trained(long seed)
        {
            random.manual_seed(1);
            using nn.Module<Tensor, Tensor> model = nn.Sequential(
                nn.Linear(2, 8), new SampleDropout(0.3), nn.Tanh(), new ImplicitLayer(new ContractionOperator(new BoundedLinear(8, 8), 0.5)), nn.Linear(8, 1));
            random.manual_seed(seed);
            using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: SmallRegression.Options with { Epochs = 2 });
            trainer.Run();
            return SmallRegression.Bytes(model);
        }
    }

    private static void AssertSame(Tensor expected, Tensor actual) => Assert.True(
        expected.shape.SequenceEqual(actual.shape) && expected.equal(actual).all().ToBoolean());
}
