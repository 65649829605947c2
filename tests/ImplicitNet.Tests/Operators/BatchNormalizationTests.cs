using ImplicitNet.Differentiation;
using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class BatchNormalizationTests : TensorTest
{
    // Channels that fill vectors, that leave some over, and fewer than one holds; pixels that fill none; one channel; more than a portion.
    public static TheoryData<long[]> Shapes => new(
        [5, 16, 7, 6], [3, 35, 9, 9], [2, 3, 4, 5], [6, 1, 5, 5], [9, 11], [4, 8, 13], [2, 4, 3, 2, 5], [40, 24, 7, 8], [3, 2, 150, 70]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Values_gradients_and_running_statistics_are_those_of_torch_in_float64_in_either_layout(long[] shape)
    {
        foreach (bool isAffine in (bool[])[true, false])
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(shape[1]);
            (Tensor x, Tensor gradient) = ((randn(shape) * 3) + 2, randn(shape));
            using BatchNormalization norm = Disturbed(new BatchNormalization(shape[1], isAffine: isAffine));
            Outcome expected = InFloat64(norm, x, gradient);
            using SharedStatistics alone = new(static _ => { });
            AssertClose(expected, Run(norm, x, gradient), 1e-6);
            if (shape.Length == 4)
            {
                using BatchNormalization twin = Disturbed(new BatchNormalization(shape[1], isAffine: isAffine));
                Outcome last = Run(twin, ChannelsLast(x), gradient);
                AssertClose(expected, last, 1e-6);
                Assert.True(shape[1] == 1 || last.Value.permute(0, 2, 3, 1).is_contiguous());
            }
        }
    }

    [Fact]
    public void In_float64_nothing_is_lost()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        (Tensor x, Tensor gradient) = (randn([4, 6, 3, 2], ScalarType.Float64), randn([4, 6, 3, 2], ScalarType.Float64));
        using BatchNormalization norm = Disturbed(new BatchNormalization(6, dtype: ScalarType.Float64));
        using BatchNormalization twin = Disturbed(new BatchNormalization(6, dtype: ScalarType.Float64));
        Assert.Equal(ScalarType.Int64, norm.num_batches_tracked!.dtype);
        Outcome expected = InFloat64(norm, x, gradient);
        AssertClose(expected, Run(norm, x, gradient), 1e-15);
        using SharedStatistics alone = new(static _ => { });
        AssertClose(expected, Run(twin, x, gradient), 1e-13);
    }

    [Fact]
    public void The_mean_of_many_pixels_is_more_exact_than_torchs_own_with_channels_last()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(2);
        Tensor x = ChannelsLast((randn(100, 16, 28, 28) * 0.5) + 1);
        using BatchNormalization norm = new(16, momentum: 1);
        using BatchNorm2d torchs = nn.BatchNorm2d(16, momentum: 1);
        using SharedStatistics alone = new(static _ => { });
        norm.call(x);
        torchs.call(x);
        Tensor mean = x.to(ScalarType.Float64).mean([0, 2, 3]);
        double Error(Tensor running) => ((running - mean).abs().max() / 0.5).ToDouble();
        Assert.InRange(Error(norm.running_mean!), 0, 3e-7);
        Assert.InRange(Error(torchs.running_mean!), 1e-5, 1);
    }

    [Fact]
    public void A_mean_a_million_times_the_deviation_leaves_the_deviation()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor x = (randn([8, 4, 6, 6], ScalarType.Float64) + 1e6).to(ScalarType.Float32), gradient = randn(8, 4, 6, 6);
        using BatchNormalization norm = new(4);
        int sums = 0;
        using SharedStatistics alone = new(_ => sums++);
        AssertClose(InFloat64(norm, x, gradient), Run(norm, x, gradient), 1e-6);
        Assert.Equal(3, sums);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Uneven_shares_that_add_their_sums_are_the_whole_batch(int processes)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        (Tensor x, Tensor gradient) = (ChannelsLast((randn(11, 6, 5, 4) * 2) - 1), randn(11, 6, 5, 4));
        int[] ends = processes switch
        {
            1 => [0, 11],
            2 => [0, 4, 11],
            _ => [0, 1, 7, 11],
        };
        using BatchNormalization norm = Disturbed(new BatchNormalization(6));
        Outcome whole = InFloat64(norm, x, gradient);
        AssertClose(whole, Together(x, gradient, ends, isShared: true, out int[] sums), 1e-6);
        Assert.All(sums, count => Assert.Equal(2, count));

        // Each by itself is another training.
        Outcome alone = Together(x, gradient, ends, isShared: false, out _);
        Assert.Equal(processes > 1, (alone.Value - whole.Value).abs().max().ToDouble() > 0.1);
    }

    [Fact]
    public void A_process_without_samples_of_its_own_takes_part_and_counts_for_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        (Tensor x, Tensor gradient) = (randn(5, 3, 4, 4), randn(5, 3, 4, 4));
        gradient[4] = 0;
        using BatchNormalization norm = Disturbed(new BatchNormalization(3));
        Outcome whole = InFloat64(norm, x.narrow(0, 0, 4), gradient.narrow(0, 0, 4));
        Outcome all = Together(x, gradient, [0, 2, 4, 5], isShared: true, out _, isLastCounted: false);
        Assert.InRange((all.Value.narrow(0, 0, 4) - whole.Value).abs().max().ToDouble(), 0, 1e-6);
        Assert.InRange((all.Input.narrow(0, 0, 4) - whole.Input).abs().max().ToDouble(), 0, 1e-6);
        Assert.Equal(0, all.Input[4].abs().max().ToDouble());
        Assert.All(all.Rest.Zip(whole.Rest), pair => Assert.InRange((pair.First - pair.Second).abs().max().ToDouble(), 0, 1e-6));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_normalised_may_be_changed_in_place(bool isLast)
    {
        using DisposeScope scope = NewDisposeScope();
        using BatchNormalization norm = new(8);
        using SharedStatistics alone = new(static _ => { });
        Tensor images = randn(3, 8, 5, 5), x = isLast ? ChannelsLast(images) : images, odd = images.narrow(3, 0, 3);
        foreach (Tensor input in (Tensor[])[x, odd])
        {
            input.requires_grad_();
            Tensor expected = norm.call(input).relu();
            Tensor value = norm.call(input).relu_();
            Assert.True(expected.equal(value).all().ToBoolean());
            value.sum().backward();
            Assert.False(input.grad!.isnan().any().ToBoolean());
        }
    }

    [Fact]
    public void In_evaluation_and_where_nothing_is_shared_it_is_torchs_own_bit_by_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        using BatchNormalization norm = Disturbed(new BatchNormalization(8));
        using BatchNorm2d torchs = nn.BatchNorm2d(8);
        torchs.load_state_dict(norm.state_dict());
        Assert.Equal(torchs.state_dict().Keys, norm.state_dict().Keys);
        Tensor batch = ChannelsLast(randn(3, 8, 5, 5));
        Assert.True(norm.call(batch).equal(torchs.call(batch)).all().ToBoolean());
        Assert.True(norm.running_var!.equal(torchs.running_var!).all().ToBoolean());
        norm.eval();
        torchs.eval();
        Tensor x = ChannelsLast(randn(3, 8, 5, 5));
        using SharedStatistics unused = new(static _ => throw new InvalidOperationException("Nothing is summed in evaluation."));
        Assert.True(norm.call(x).equal(torchs.call(x)).all().ToBoolean());
        Assert.Equal(1, norm.num_batches_tracked!.ToInt64());
    }

    [Fact]
    public void A_mean_of_all_batches_is_kept_where_no_momentum_is_given()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        using BatchNormalization norm = new(3) { momentum = null };
        using SharedStatistics alone = new(static _ => { });
        Tensor[] batches = [randn(4, 3, 2, 2), randn(4, 3, 2, 2), randn(4, 3, 2, 2)];
        foreach (Tensor batch in batches)
        {
            norm.call(batch);
        }

        Tensor mean = stack([.. batches.Select(batch => batch.mean([0, 2, 3]))]).mean([0]);
        Assert.InRange((norm.running_mean! - mean).abs().max().ToDouble(), 0, 1e-6);
        Assert.Equal(3, norm.num_batches_tracked!.ToInt64());
    }

    [Fact]
    public void First_derivatives_are_the_differences_and_second_ones_those_of_torch()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        Tensor x = randn([3, 2, 2, 2], ScalarType.Float64).requires_grad_(), gradient = randn([3, 2, 2, 2], ScalarType.Float64);
        using BatchNormalization norm = Disturbed(new BatchNormalization(2, dtype: ScalarType.Float64));
        Tensor Loss(Tensor input)
        {
            using SharedStatistics alone = new(static _ => { });
            return (norm.call(input) * gradient).sum();
        }

        Loss(x).backward();
        Tensor direction = randn_like(x);
        const double step = 1e-6;
        double difference = ((Loss(x + (direction * step)) - Loss(x - (direction * step))) / (2 * step)).ToDouble();
        Assert.Equal(difference, (x.grad! * direction).sum().ToDouble(), 1e-8);

        // Where nothing is shared all is torch's.
        using BatchNormalization single = Disturbed(new BatchNormalization(2));
        using BatchNorm2d torchs = nn.BatchNorm2d(2);
        torchs.load_state_dict(single.state_dict());
        (Tensor own, Tensor other) = (Second(single), Second(torchs));
        Assert.InRange((own - other).abs().max().ToDouble(), 0, 1e-5 * other.abs().max().ToDouble());

        Tensor Second(nn.Module<Tensor, Tensor> module)
        {
            Tensor input = x.detach().to(ScalarType.Float32).requires_grad_();
            Tensor moved = module.call(input * 2).square() * gradient.to(ScalarType.Float32);
            Tensor first = VectorProducts.TransposeProduct(moved.sum(), input, tensor(1f), createGraph: true);
            return VectorProducts.TransposeProduct((first * direction.to(ScalarType.Float32)).sum(), input, tensor(1f));
        }
    }

    [Fact]
    public void Second_derivatives_of_shared_statistics_are_refused_by_the_next_call()
    {
        using DisposeScope scope = NewDisposeScope();
        using BatchNormalization norm = new(2);
        Tensor x = randn(3, 2, 2, 2).requires_grad_();
        using (SharedStatistics alone = new(static _ => { }))
        {
            Tensor product = VectorProducts.TransposeProduct(norm.call(x).square().sum(), x, tensor(1f), createGraph: true);
            Assert.True(product.isnan().all().ToBoolean());
        }

        Assert.Contains("Second derivatives", Assert.Throws<InvalidOperationException>(() => norm.call(x)).Message, StringComparison.Ordinal);
        Assert.Equal(x.shape, norm.call(x).shape);
    }

    [Fact]
    public void A_sum_that_fails_is_told_forward_and_backward()
    {
        using DisposeScope scope = NewDisposeScope();
        using BatchNormalization norm = new(2);
        Tensor x = randn(3, 2, 2, 2).requires_grad_();
        int calls = 0;
        using SharedStatistics shared = new(_ =>
        {
            if (++calls > 1)
            {
                throw new TimeoutException("Rank 1 did not come.");
            }
        });
        norm.call(x).sum().backward();
        Assert.True(x.grad!.isnan().all().ToBoolean());
        Assert.Contains("Rank 1 did not come", Assert.Throws<InvalidOperationException>(shared.ThrowIfFailed).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => norm.call(x));
        Assert.Throws<TimeoutException>(() => norm.call(x));
    }

    [Fact]
    public void What_has_no_variance_or_another_shape_is_refused_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        using BatchNormalization norm = new(2), wide = new(2, dtype: ScalarType.Float64);
        foreach (Action call in (Action[])[
            () => norm.call(randn(1, 2, 1, 1)), () => norm.call(randn(1, 2)), () => wide.call(randn([1, 2], ScalarType.Float64)),
            () => norm.call(randn(4, 3, 2, 2)), () => norm.call(randn(4)), () => norm.call(randn([4, 2], ScalarType.Float64))])
        {
            Assert.DoesNotContain('\n', Assert.ThrowsAny<ArgumentException>(call).Message);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchNormalization(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchNormalization(2, epsilon: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchNormalization(2, momentum: double.NaN));

        Assert.Equal(0, norm.num_batches_tracked!.ToInt64());
        Assert.Equal([4, 2], norm.call(randn(4, 2)).shape);
    }

    /// <summary>An input that was changed after the forward pass is noticed, as by torch.</summary>
    [Fact]
    public void An_input_that_was_changed_is_noticed_by_the_backward_pass()
    {
        using DisposeScope scope = NewDisposeScope();
        using BatchNormalization norm = new(2);
        using SharedStatistics alone = new(static _ => { });
        Tensor x = randn(3, 2, 2, 2).requires_grad_() * 1;
        Tensor loss = norm.call(x).square().sum();
        using (no_grad())
        {
            x.add_(1);
        }

        Assert.ThrowsAny<Exception>(() => loss.backward());
    }

    private static Tensor ChannelsLast(Tensor images) => images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private static BatchNormalization Disturbed(BatchNormalization norm)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        norm.weight?.copy_(linspace(0.5, -1.5, norm.num_features));
        norm.bias?.copy_(linspace(-1, 2, norm.num_features));
        norm.running_mean!.copy_(linspace(2, 1, norm.num_features));
        return norm;
    }

    /// <summary>What torch makes of it in float64, from the same weights and running statistics.</summary>
    private static Outcome InFloat64(BatchNormalization norm, Tensor x, Tensor gradient)
    {
        using BatchNorm3d torchs = nn.BatchNorm3d(norm.num_features, affine: norm.affine);
        torchs.load_state_dict(norm.state_dict());
        torchs.to(ScalarType.Float64);
        long[] five = [x.shape[0], x.shape[1], -1, 1, 1];
        Outcome outcome = Run(torchs, x.to(ScalarType.Float64).reshape(five), gradient.to(ScalarType.Float64).reshape(five));
        return outcome with { Value = outcome.Value.reshape(x.shape), Input = outcome.Input.reshape(x.shape) };
    }

    private static Outcome Run(BatchNorm norm, Tensor x, Tensor gradient)
    {
        Tensor input = x.detach().requires_grad_();
        Tensor value = norm.call(input);
        value.backward([gradient]);
        Tensor[] rest = norm.affine ? [norm.weight.grad!, norm.bias!.grad!] : [];
        return new(value.detach(), input.grad!, [.. rest.Select(each => each.clone()), norm.running_mean!.clone(), norm.running_var!.clone()]);
    }

    /// <summary>
    /// What processes make of a share each, by a normalisation of its own; gradients of weights added up. Each is told what the others
    /// added in the round before: the sums forward are right in the second, those backward in the third.
    /// </summary>
    private static Outcome Together(Tensor x, Tensor gradient, int[] ends, bool isShared, out int[] sums, bool isLastCounted = true)
    {
        Outcome[] parts = [];
        List<double[]>[] before = [], given = [];
        for (int round = 0; round < 3; round++)
        {
            given = [.. ends[1..].Select(_ => new List<double[]>())];
            parts = [.. ends[1..].Select((end, rank) =>
            {
                using SharedStatistics? shared = isShared
                    ? new(numbers => Sum(given[rank], numbers), isLastCounted || rank < ends.Length - 2)
                    : null;
                using BatchNormalization norm = Disturbed(new BatchNormalization(x.shape[1]));
                long count = end - ends[rank];
                return Run(norm, x.narrow(0, ends[rank], count), gradient.narrow(0, ends[rank], count));
            })];
            before = given;
        }

        sums = [.. given.Select(each => each.Count)];
        return new(
            cat([.. parts.Select(part => part.Value)]),
            cat([.. parts.Select(part => part.Input)]),
            [Total(0), Total(1), parts[^1].Rest[2], parts[^1].Rest[3]]);

        Tensor Total(int place) => stack([.. parts.Select(part => part.Rest[place])]).sum([0L]);

        void Sum(List<double[]> own, Span<double> numbers)
        {
            int call = own.Count;
            own.Add(numbers.ToArray());
            if (before.Length == 0)
            {
                // Nobody knows of the others yet, and who counts for nothing has no numbers at all.
                numbers[^1] = Math.Max(2, numbers[^1]);
                return;
            }

            for (int place = 0; place < numbers.Length; place++)
            {
                numbers[place] = before.Sum(each => each[call][place]);
            }
        }
    }

    private static void AssertClose(Outcome expected, Outcome actual, double tolerance)
    {
        (Tensor Expected, Tensor Actual)[] pairs =
            [(expected.Value, actual.Value), (expected.Input, actual.Input), .. expected.Rest.Zip(actual.Rest)];
        Assert.All(pairs, pair => Assert.InRange(
            (pair.Expected - pair.Actual).abs().max().ToDouble(), 0, tolerance * Math.Max(1, pair.Expected.abs().max().ToDouble())));
    }

    private sealed record Outcome(Tensor Value, Tensor Input, Tensor[] Rest);
}
