using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class MultiscaleOperatorTests : TensorTest
{
    [Fact]
    public void One_scale_is_a_plain_residual_block()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using MultiscaleOperator single = new([4], (5, 3), expansion: 3, dtype: ScalarType.Float64);
        Draw(single);
        (Tensor u, Tensor q) = (randn(2, 4, 5, 3, dtype: ScalarType.Float64), randn(2, 4, 5, 3, dtype: ScalarType.Float64));
        Tensor Norm(Tensor x, string name, long groups) => nn.functional.group_norm(
            x, groups, Named(single, $"block1.{name}.weight"), Named(single, $"block1.{name}.bias"));
        Tensor Convolved(Tensor x, Tensor weight) => nn.functional.conv2d(x, weight, padding: [1, 1]);

        // 12 channels inside are 6 groups of 2, 4 channels outside 2 groups of 2; each row of W2 has length 0.3.
        Tensor narrowing = Named(single, "block1.convolution2.weight");
        Tensor inner = nn.functional.relu(Norm(Convolved(u, Named(single, "block1.convolution1.weight")), "normalization1", 6));
        Tensor outer = Norm(Convolved(inner, narrowing * 0.3 / narrowing.square().sum([1, 2, 3], keepdim: true).sqrt()) + q, "normalization2", 2);
        Tensor expected = (nn.functional.group_norm(nn.functional.relu(outer + u), 2) * 0.5) + Named(single, "block1.normalization3.bias").reshape(1, 4, 1, 1);
        Tensor before = q.clone(), packed = single.Scales.Pack(u), kept = packed.clone();
        AssertClose(expected, single.Scales.Unpack(single.call(packed, q))[0], 1e-12);
        using (no_grad())
        {
            AssertClose(expected, single.Scales.Unpack(single.call(packed, q))[0], 1e-12);
        }

        AssertClose(before, q, 0);
        AssertClose(kept, packed, 0);
    }

    [Fact]
    public void Without_a_graph_the_values_are_those_of_the_graph()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        foreach ((ScalarType dtype, double tolerance) in ((ScalarType, double)[])[(ScalarType.Float64, 1e-12), (ScalarType.Float32, 2e-5)])
        {
            using MultiscaleOperator three = new([6, 4, 5], (9, 6), expansion: 2, dtype: dtype);
            Draw(three);
            Tensor q = randn(3, 6, 9, 6, dtype: dtype), u = randn(3, three.Scales.Size, dtype: dtype);
            Assert.Equal((6 * 54) + (4 * 15) + (5 * 6), three.Scales.Size);
            Tensor inGraph = three.call(u, q);
            using IDisposable noGraph = no_grad();
            AssertClose(inGraph, three.call(u, q), tolerance);
        }
    }

    [Fact]
    public void The_order_of_the_scales_with_their_weights_is_that_of_the_fixed_point()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(3);
        (long Channels, int Halvings)[] scales = [(4, 0), (6, 1), (2, 2)];
        int[] order = [2, 0, 1];
        using MultiscaleOperator one = new(scales, (7, 4), 2, 0, ScalarType.Float64);
        using MultiscaleOperator other = new([.. order.Select(place => scales[place])], (7, 4), 2, 0, ScalarType.Float64);
        Draw(one);
        foreach ((string name, Parameter parameter) in other.named_parameters())
        {
            parameter.copy_(Named(one, string.Concat(name.Select((letter, at) => IsPlace(name, at) ? (char)('1' + order[letter - '1']) : letter))));
        }

        Tensor q = randn(3, 4, 7, 4, dtype: ScalarType.Float64);
        StoppingRule stopping = new() { RelativeTolerance = 1e-12, MaxSteps = 300 };
        Tensor[] Solved(MultiscaleOperator multiscale)
        {
            using FixedPointMap map = multiscale.Bind(q);
            using FixedPointSolution solution = FixedPoint.Solve(map, multiscale.StartingLatent(q), new AndersonSolver(), stopping);
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            return [.. multiscale.Scales.Unpack(solution.Latent).Select(part => part.clone())];
        }

        (Tensor[] expected, Tensor[] permuted) = (Solved(one), Solved(other));
        for (int place = 0; place < order.Length; place++)
        {
            AssertClose(expected[order[place]], permuted[place], 1e-9);
        }

        // A number of a scale: that of "block2", both of "path3to1", and not that of "normalization2" within a block or a path.
        static bool IsPlace(string name, int at) => char.IsDigit(name[at]) && (!name[..at].Contains('.', StringComparison.Ordinal));
    }

    [Fact]
    public void Of_convolutions_without_weights_the_fixed_point_is_the_bias_of_the_last_norms()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(4);
        using MultiscaleOperator two = new([4, 2], (4, 4), dtype: ScalarType.Float64);
        Draw(two);
        foreach ((string name, Parameter parameter) in two.named_parameters().Where(pair => pair.parameter.ndim == 4))
        {
            parameter.zero_();
        }

        Tensor q = randn(2, 4, 4, 4, dtype: ScalarType.Float64);
        using FixedPointMap map = two.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, two.StartingLatent(q));
        Tensor[] parts = two.Scales.Unpack(solution.Latent);
        for (int place = 0; place < 2; place++)
        {
            Tensor bias = Named(two, $"normalization{place + 1}.bias").reshape(1, -1, 1, 1);
            AssertClose(bias.expand(parts[place].shape), parts[place], 1e-12);
        }

        Assert.All(solution.Report.Samples, sample => Assert.Equal(0, sample.Residual));
    }

    [Fact]
    public void A_row_alone_is_the_row_in_a_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(5);
        using MultiscaleOperator two = new([8, 8], (8, 8));
        Tensor q = randn(19, 8, 8, 8), u = randn(19, two.Scales.Size);
        Tensor together = two.call(u, q);
        for (int row = 0; row < 19; row += 6)
        {
            AssertClose(together.narrow(0, row, 1), two.call(u.narrow(0, row, 1), q.narrow(0, row, 1)), 1e-5);
        }

        Assert.Equal([0L, two.Scales.Size], two.call(u.narrow(0, 0, 0), q.narrow(0, 0, 0)).shape);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(7, 7)]
    public void Images_of_odd_sides_have_scales_rounded_up_and_fixed_points_of_their_own(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(8);
        using MultiscaleOperator three = new([8, 8, 8], (height, width), expansion: 2, dtype: ScalarType.Float64);
        Tensor q = randn(2, 8, height, width, dtype: ScalarType.Float64);
        (int Height, int Width)[] sizes = [(height, width), ((height + 1) / 2, (width + 1) / 2), ((height + 3) / 4, (width + 3) / 4)];
        Assert.Equal(
            sizes.Select(size => (long[])[2, 8, size.Height, size.Width]), three.Scales.Unpack(three.StartingLatent(q)).Select(part => part.shape));
        StoppingRule stopping = new() { RelativeTolerance = 1e-9, MaxSteps = 400, Norm = three.Scales.Norm };
        Tensor together = Solved(q), alone = Solved(q[1..]);
        AssertClose(together[1..], alone, 1e-7);
        AssertClose(together, three.call(together, q), 1e-7);

        Tensor Solved(Tensor each)
        {
            using FixedPointMap map = three.Bind(each);
            using FixedPointSolution solution = FixedPoint.Solve(map, three.StartingLatent(each), new AndersonSolver(), stopping);
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            return solution.Latent.alias();
        }
    }

    [Fact]
    public void All_solvers_find_one_fixed_point_and_Broyden_is_finite_when_its_memory_wraps()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(6);
        using MultiscaleOperator two = new([12, 12], (6, 6), expansion: 3, dtype: ScalarType.Float64);
        Tensor q = randn(4, 12, 6, 6, dtype: ScalarType.Float64) * 2;
        using FixedPointMap map = two.Bind(q);
        StoppingRule stopping = new() { RelativeTolerance = 1e-10, MaxSteps = 400, Norm = two.Scales.Norm };
        using FixedPointSolution picard = FixedPoint.Solve(map, two.StartingLatent(q), new PicardSolver { Damping = 0.5 }, stopping);
        using FixedPointSolution anderson = FixedPoint.Solve(map, two.StartingLatent(q), new AndersonSolver(), stopping);
        Assert.True(picard.Report.AllConverged && anderson.Report.AllConverged, $"{picard.Report} {anderson.Report}");
        AssertClose(picard.Latent, anderson.Latent, 1e-7);
        using FixedPointSolution broyden = FixedPoint.Solve(
            map, two.StartingLatent(q), new BroydenSolver { Memory = 3 }, stopping with { MaxSteps = 30, RelativeTolerance = 1e-14 });
        Assert.True(broyden.Latent.isfinite().all().ToBoolean());
        Assert.All(broyden.Report.Samples, sample => Assert.InRange(sample.Residual, 0, 1));
    }

    [Fact]
    public void Masks_stay_for_a_solve_and_are_drawn_anew_for_the_next()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(7);
        using MultiscaleOperator two = new([4, 4], (6, 6), dropout: 0.5);
        Tensor q = randn(3, 4, 6, 6), u = randn(3, two.Scales.Size);
        using FixedPointMap first = two.Bind(q), second = two.Bind(q);
        Tensor value = first.Evaluate(u);
        AssertClose(value, first.Evaluate(u), 0);
        Assert.NotEqual(0, (value - second.Evaluate(u)).abs().max().ToDouble());
        using FixedPointMap rest = first.Restrict(tensor(new long[] { 2 }));
        AssertClose(value.narrow(0, 2, 1), rest.Evaluate(u.narrow(0, 2, 1)), 1e-5);
        Assert.All(first.Inputs.PerSample.Skip(1), mask => Assert.Equal([0f, 2f], mask.unique().Item1.data<float>().ToArray()));
        two.eval();
        AssertClose(two.call(u, q), two.call(u, q), 0);
        using FixedPointMap evaluated = two.Bind(q);
        Assert.Single(evaluated.Inputs.PerSample);
    }

    [Fact]
    public void Wrong_values_are_refused_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        using MultiscaleOperator two = new([4, 2], (6, 5));
        Assert.Equal(
            "q must be images of the first scale, [batch, 4, 6, 5]. Given: [2, 4, 5, 6]. (Parameter 'q')",
            Assert.Throws<ArgumentException>(() => two.Bind(zeros(2, 4, 5, 6))).Message);
        Assert.Contains("dtype", Assert.Throws<ArgumentException>(() => two.StartingLatent(zeros([2, 4, 6, 5], ScalarType.Float64))).Message, StringComparison.Ordinal);
        Assert.Contains("[batch, 138]", Assert.Throws<ArgumentException>(() => two.call(zeros(2, 137), zeros(2, 4, 6, 5))).Message, StringComparison.Ordinal);
        foreach (Func<MultiscaleOperator> wrong in (Func<MultiscaleOperator>[])
            [
                () => new MultiscaleOperator([], (4, 4)), () => new MultiscaleOperator([4, 0], (4, 4)), () => new MultiscaleOperator([4], (0, 4)),
                () => new MultiscaleOperator([4], (4, 1 << 20)), () => new MultiscaleOperator([4], (4, 4), expansion: 0),
                () => new MultiscaleOperator([4], (4, 4), dropout: 1), () => new MultiscaleOperator([4], (4, 4), dropout: double.NaN),
                () => new MultiscaleOperator([4], (4, 4), dtype: ScalarType.Float16),
            ])
        {
            string message = Assert.ThrowsAny<ArgumentException>(wrong).Message;
            Assert.DoesNotContain("native", message, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Moves the weights and biases of norms, which begin at one number each.</summary>
    internal static void Draw(MultiscaleOperator multiscale)
    {
        using IDisposable noGraph = no_grad();
        foreach (Parameter parameter in multiscale.parameters().Where(parameter => parameter.ndim == 1))
        {
            using Tensor moves = rand_like(parameter).mul_(0.2);
            parameter.add_(moves);
        }
    }

    internal static Tensor Named(nn.Module module, string name) => module.named_parameters().Single(pair => pair.name == name).parameter;

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().ToDouble(), 0, tolerance);
    }
}
