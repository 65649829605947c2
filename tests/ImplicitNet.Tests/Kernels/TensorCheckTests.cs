using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Kernels;

/// <summary>One fault of a tensor is said in the same words wherever it is given.</summary>
public sealed class TensorCheckTests : TensorTest
{
    private static readonly Dictionary<string, Action<Tensor>> Doors = new()
    {
        ["u at the start"] = tensor => FixedPoint.Solve(Half, tensor).Dispose(),
        ["What the map returned for u, [2, 3] Float32,"] = tensor => FixedPoint.Solve(new PerSampleMap(_ => tensor), zeros(2, 3)).Dispose(),
        ["q"] = Bind,
        ["The latent"] = tensor => Contraction.Measure(Half, tensor),
        ["b"] = tensor => SolveLinear(ones(2, 3), tensor, start: null),
        ["The start"] = tensor => SolveLinear(ones(2, 3), ones(2, 3), tensor),
        ["A product of the operator"] = tensor => SolveLinear(tensor, ones(2, 3), start: null),
        ["The latents"] = tensor => new LatentCache().Starts([0, 1], tensor),
        ["Tensor 0 of the tuple"] = tensor => new LatentTuple([3]).Pack(tensor),
        ["The packed tuple"] = tensor => new LatentTuple([3]).Unpack(tensor),
    };

    public static TheoryData<string> Whats => [.. Doors.Keys];

    private static PerSampleMap Half => new(u => (u * 0.5f) + 1);

    [Theory]
    [MemberData(nameof(Whats))]
    public void A_fault_is_said_in_the_same_words_at_every_door(string what)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor disposed = zeros(2, 3);
        disposed.Dispose();
        Assert.StartsWith($"{what} has been disposed.", Refusal(what, disposed), StringComparison.Ordinal);
        Assert.StartsWith($"{what} is sparse: call to_dense() first.", Refusal(what, ones(2, 3).to_sparse()), StringComparison.Ordinal);
        Assert.StartsWith(
            $"{what} has no values: it is on the meta device.", Refusal(what, zeros([2, 3], device: META)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Whats))]
    public void What_is_no_batch_is_refused_at_every_door_that_takes_one(string what)
    {
        using DisposeScope scope = NewDisposeScope();
        string scalar = Refusal(what, tensor(1f));
        string many = Refusal(what, zeros([1L << 31, 0]));
        if (what.Contains("map", StringComparison.Ordinal) || what.Contains("product", StringComparison.Ordinal))
        {
            Assert.Contains("must keep", scalar, StringComparison.Ordinal);
            Assert.Contains("must keep", many, StringComparison.Ordinal);
            return;
        }

        Assert.StartsWith($"{what} needs a batch dimension: [batch, ...]. Given: a scalar.", scalar, StringComparison.Ordinal);
        Assert.StartsWith($"{what} has 2147483648 samples; a batch has at most 2147483647.", many, StringComparison.Ordinal);
    }

    private static string Refusal(string what, Tensor tensor)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => Doors[what](tensor));
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }

    private static void Bind(Tensor q)
    {
        using ContractionOperator contraction = new(new BoundedLinear(3, 3), 0.5);
        contraction.Bind(q).Dispose();
    }

    private static void SolveLinear(Tensor product, Tensor rightSide, Tensor? start) =>
        new GmresSolver().Solve(new Constant(product), rightSide, [new LinearTolerance(1e-3), new LinearTolerance(1e-3)], start).Dispose();

    private sealed class Constant(Tensor product) : LinearOperator
    {
        public override Tensor Apply(Tensor vectors) => product;

        public override Tensor ApplyTransposed(Tensor vectors) => product;

        public override LinearOperator Restrict(Tensor samples) => this;

        public override void Dispose()
        {
        }
    }
}
