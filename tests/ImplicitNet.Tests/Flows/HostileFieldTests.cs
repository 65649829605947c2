using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>Fields as nobody should write them, and as somebody does: right, or refused in one line, and nothing left alive.</summary>
public sealed class HostileFieldTests : TensorTest
{
    private static readonly FlowTimes UnitTime = FlowTimes.Between(0, 1);
    private static readonly PidController Fine = new() { RelativeTolerance = 1e-9 };

    [Fact]
    public void A_field_may_write_into_its_state_and_its_time()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => u.mul_(t.cos_().unsqueeze(1)));
        using Tensor start = ones(3, 2, ScalarType.Float64);
        AssertEnd(field, start, Math.Exp(Math.Sin(1)));
    }

    [Fact]
    public void A_field_may_return_its_state()
    {
        using DisposeScope scope = NewDisposeScope();
        AssertEnd((_, u) => u, Math.E);
        AssertEnd((_, u) => u.alias(), Math.E);
    }

    [Fact]
    public void A_field_may_return_a_tensor_that_it_keeps()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor kept = ones(3, 2, ScalarType.Float64);
        AssertEnd((_, u) => kept.copy_(u), Math.E);
        AssertEnd((_, u) => { kept.copy_(-u); return kept; }, Math.Exp(-1));
        Assert.False(kept.IsInvalid);
    }

    [Fact]
    public void A_field_may_return_expanded_transposed_and_strided_memory()
    {
        using DisposeScope scope = NewDisposeScope();
        AssertEnd((_, u) => u.mean().expand(3, 2), Math.E);
        AssertEnd((_, u) => u.t().contiguous().t(), Math.E);
        AssertEnd((_, u) => cat([u, u], 1)[.., TensorIndex.Slice(0, null, 2)], Math.E);
    }

    [Fact]
    public void A_field_is_refused_that_returns_something_else()
    {
        using DisposeScope scope = NewDisposeScope();
        (string Name, Func<Tensor, Tensor> Function)[] fields =
        [
            ("a scalar", u => u.sum()), ("transposed", u => u.t()), ("wider", u => cat([u, u], 1)), ("deeper", u => u.unsqueeze(0)),
            ("float32", u => u.to(ScalarType.Float32)), ("integers", u => u.to(ScalarType.Int64)), ("sparse", u => u.to_sparse()),
            ("null", _ => null!), ("truth values", u => u > 0), ("without memory", u => u.to(META)), ("disposed", u => Disposed(u * 2)),
        ];
        List<string> faults = [];
        foreach ((string name, Func<Tensor, Tensor> function) in fields)
        {
            faults.AddRange(Refusal(name, (_, u) => function(u)));

            // The same in the middle of the flow.
            int calls = 0;
            faults.AddRange(Refusal($"{name} later", (_, u) => ++calls == 9 ? function(u) : -u));
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void A_field_that_writes_into_its_inputs_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor input = ones(3, 2, ScalarType.Float64);
        using PerSampleField field = new((_, u, inputs) => inputs.PerSample[0].mul_(0.5) * u, new MapInputs { PerSample = [input.alias()] });
        using Tensor start = ones(3, 2, ScalarType.Float64);
        Assert.Throws<ArgumentException>(() => Flow.Solve(field, start, UnitTime));
    }

    [Fact]
    public void Inputs_for_another_number_of_samples_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor input = ones(4, ScalarType.Float64), start = ones(3, 2, ScalarType.Float64);
        using PerSampleField field = new((_, u, _) => -u, new MapInputs { PerSample = [input.alias()] });
        Assert.Contains("one row for each of the 3 samples", Assert.Throws<ArgumentException>(() => Flow.Solve(field, start, UnitTime)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(12)]
    public void What_a_field_throws_comes_out_and_nothing_stays_alive(int when)
    {
        using DisposeScope scope = NewDisposeScope();
        int calls = 0;
        using PerSampleField field = new((_, u) => ++calls == when ? throw new TimeZoneNotFoundException("no") : -u);
        using Tensor start = ones(3, 2, ScalarType.Float64);
        Assert.Throws<TimeZoneNotFoundException>(() => Flow.Solve(field, start, UnitTime, steps: Fine, terminal: new FlowEvent(u => u[.., 0] - 0.5)));
    }

    [Fact]
    public void What_torch_says_in_a_field_comes_out_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        int calls = 0;
        using PerSampleField field = new((_, u) => ++calls == 5 ? u + ones(7, 5) : -u);
        using Tensor start = ones(3, 2, ScalarType.Float64);
        Exception refusal = Assert.Throws<ArgumentException>(() => Flow.Solve(field, start, UnitTime));
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_flow_that_is_cancelled_leaves_nothing_alive(bool isPerSample)
    {
        using DisposeScope scope = NewDisposeScope();
        using CancellationTokenSource source = new();
        int calls = 0;
        Tensor Function(Tensor time, Tensor state)
        {
            if (++calls == 20)
            {
                source.Cancel();
            }

            return -state;
        }

        using VectorField field = isPerSample ? new PerSampleField(Function) : new CoupledField(Function);
        using Tensor start = ones(3, 2, ScalarType.Float64);
        Assert.Throws<OperationCanceledException>(() => Flow.Solve(field, start, UnitTime, steps: Fine, cancellation: source.Token));
        Assert.InRange(calls, 20, 30);
        Assert.Throws<OperationCanceledException>(() => Flow.Solve(field, start, UnitTime, cancellation: source.Token));
    }

    [Fact]
    public void Starts_that_are_no_batch_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor scalar = tensor(1.0), whole = ones(2, ScalarType.Int64), complex = ones(2, ScalarType.ComplexFloat64), gone = Disposed(ones(2));
        foreach (Tensor? start in (Tensor?[])[scalar, whole, complex, gone, null])
        {
            Assert.ThrowsAny<ArgumentException>(() => Flow.Solve(field, start!, UnitTime));
        }
    }

    private static Tensor Disposed(Tensor tensor)
    {
        tensor.Dispose();
        return tensor;
    }

    private static void AssertEnd(Func<Tensor, Tensor, Tensor> function, double factor)
    {
        using PerSampleField field = new(function);
        using Tensor start = ones(3, 2, ScalarType.Float64);
        AssertEnd(field, start, factor);
    }

    private static void AssertEnd(VectorField field, Tensor start, double factor)
    {
        using FlowSolution flow = Flow.Solve(field, start, UnitTime, steps: Fine);
        Assert.True(flow.Report.AllSucceeded);
        using Tensor off = (flow.State - factor).abs().max();
        Assert.True(off.item<double>() < 1e-7, $"{off.item<double>()}");
        Assert.Equal(6, start.sum().item<double>());
    }

    /// <summary>What is wrong with how a field is refused.</summary>
    private static IEnumerable<string> Refusal(string name, Func<Tensor, Tensor, Tensor> function)
    {
        using PerSampleField field = new(function);
        using Tensor start = ones(3, 2, ScalarType.Float64);
        Exception? refusal = Record.Exception(() => Flow.Solve(field, start, UnitTime, steps: Fine));
        return refusal is ArgumentException && !refusal.Message.Contains('\n', StringComparison.Ordinal)
            ? []
            : [$"{name}: {refusal?.GetType().Name ?? "no refusal"}, {refusal?.Message}"];
    }
}
