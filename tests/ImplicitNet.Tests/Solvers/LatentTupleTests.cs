using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class LatentTupleTests : TensorTest
{
    private static readonly LatentTuple Tuple = new([2, 4, 4], [3, 2, 2]);

    [Fact]
    public void Packing_and_unpacking_are_inverse_and_unpacking_copies_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor fine = randn(5, 2, 4, 4);
        Tensor coarse = randn(5, 3, 2, 2);
        Tensor packed = Tuple.Pack(fine, coarse);
        Tensor[] parts = Tuple.Unpack(packed);
        Assert.Equal(44, Tuple.Size);
        Assert.True(parts[0].equal(fine).all().ToBoolean());
        Assert.True(parts[1].equal(coarse).all().ToBoolean());
        packed.fill_(7);
        Assert.Equal(7, parts[1][4, 2, 1, 1].ToDouble());
    }

    [Fact]
    public void Images_lie_with_channels_last_in_their_rows_and_come_back_as_they_were()
    {
        using DisposeScope scope = NewDisposeScope();
        LatentTuple images = LatentTuple.OfImages((2, 4, 3), (3, 2, 1));
        (Tensor fine, Tensor coarse) = (randn(5, 2, 4, 3).requires_grad_(), randn(5, 3, 2, 1));
        Tensor packed = images.Pack(fine, coarse);
        Assert.Equal([5L, 30L], packed.shape);
        Assert.True(packed.narrow(1, 0, 24).equal(fine.permute(0, 2, 3, 1).reshape(5, 24)).all().ToBoolean());
        Tensor[] parts = images.Unpack(packed);
        Assert.True(parts[0].equal(fine).all().ToBoolean() && parts[1].equal(coarse).all().ToBoolean());
        Assert.Equal((1L, 2L, 6L), (parts[0].stride()[1], parts[0].stride()[3], parts[0].stride()[2]));
        parts[0][1, 1, 3, 2].backward();
        Assert.Equal((1, 1), (fine.grad!.sum().ToDouble(), fine.grad![1, 1, 3, 2].ToDouble()));
        using IDisposable noGraph = no_grad();
        packed.fill_(7);
        Assert.Equal(7, parts[1][4, 2, 1, 0].ToDouble());
        Assert.Throws<ArgumentException>(() => LatentTuple.OfImages());
        Assert.Throws<ArgumentException>(() => LatentTuple.OfImages((2, 0, 3)));
        Assert.Contains("[1, 3, 2, 1]", Assert.Throws<ArgumentException>(() => images.Pack(zeros(1, 2, 4, 3), zeros(1, 2, 1, 3))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_of_two_scales_is_solved_and_differentiated()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor q = randn([6, 2, 4, 4], ScalarType.Float64).requires_grad_();
        Tensor down = randn([3, 2, 2, 2], ScalarType.Float64) * 0.1;
        Tensor[] Step(Tensor[] u, Tensor x) =>
        [
            ((u[0] * 0.3) + nn.functional.interpolate(u[1].mean([1], keepdim: true), scale_factor: [2, 2]) + x).tanh(),
            (nn.functional.conv2d(u[0], down, strides: [2, 2]) + (u[1] * 0.2) + 0.5).tanh(),
        ];
        using PerSampleMap map = new((u, x) => Tuple.Pack(Step(Tuple.Unpack(u), x)), q);
        foreach (FixedPointSolver solver in new FixedPointSolver[] { new PicardSolver(), new AndersonSolver() })
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, Tuple.Zeros(6, ScalarType.Float64), solver);
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            Tensor[] scales = Tuple.Unpack(solution.Latent);
            Tensor[] again = Step(scales, q);
            Assert.True((again[0] - scales[0]).abs().max().ToDouble() < 1e-7);
            Assert.True((again[1] - scales[1]).abs().max().ToDouble() < 1e-7);
            using Tensor attached = new JacobianFreeGradient().Attach(map, solution);
            attached.sum().backward();
        }

        Assert.NotEqual(0, q.grad!.abs().sum().ToDouble());
    }

    [Fact]
    public void Wrong_shapes_are_refused_with_both()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => new LatentTuple());
        Assert.Throws<ArgumentException>(() => new LatentTuple([2, 0]));
        Assert.Contains("2 tensors", Assert.Throws<ArgumentException>(() => Tuple.Pack(zeros(1, 2, 4, 4))).Message, StringComparison.Ordinal);
        Assert.Contains("[1, 3, 2, 2]", Assert.Throws<ArgumentException>(() => Tuple.Pack(zeros(1, 2, 4, 4), zeros(1, 3, 2, 1))).Message, StringComparison.Ordinal);
        Assert.Contains("[batch, 44]", Assert.Throws<ArgumentException>(() => Tuple.Unpack(zeros(1, 45))).Message, StringComparison.Ordinal);
    }
}
