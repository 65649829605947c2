using ImplicitNet.Flows;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// Says from one row of a time series what the next ones are: the row, perhaps with zeros behind it, flows along a perceptron's field,
/// which is read at the times asked for. Times need not be evenly spaced, and every sample has its own.
/// </summary>
/// <remarks>
/// In the units of its options. Input: [batch, columns + length], the row, then the gaps of time from row to row, none negative; output:
/// [batch, length, columns].
/// </remarks>
public sealed class SeriesForecaster : FlowModel
{
    private readonly int _columns;

    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes and units.</param>
    /// <param name="settings">How its flow is followed; default: those of a layer.</param>
    public SeriesForecaster(SeriesForecasterOptions options, FlowSettings? settings = null)
        : base(
            options ?? throw new ArgumentNullException(nameof(options)), options.CreateField(options.Columns.Count, isTimed: false),
            settings ?? new FlowSettings()) =>
        _columns = options.Columns.Count;

    /// <summary>The rows at the times asked for.</summary>
    /// <param name="input">[batch, columns + length], floating point.</param>
    /// <returns>[batch, length, columns]. The caller owns it.</returns>
    /// <exception cref="ArgumentException">It has no gap of time.</exception>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.ndim != 2 || input.shape[1] <= _columns)
        {
            throw new ArgumentException(
                $"Inputs are [batch, {_columns} + length], a row and at least one gap of time. Given: [{string.Join(", ", input.shape)}].",
                nameof(input));
        }

        using DisposeScope scope = NewDisposeScope();
        long length = input.shape[1] - _columns;
        Tensor gaps = input.narrow(1, _columns, length).detach().to(ScalarType.Float64);
        Tensor times = nn.functional.pad(gaps.cumsum(1), [1, 0]);
        using FlowResult flow = Flow.Layer.Run(Flow.Start(input.narrow(1, 0, _columns)), FlowTimes.Of(times));
        return flow.States.narrow(0, 1, length).narrow(2, 0, _columns).transpose(0, 1).contiguous().MoveToOuterDisposeScope();
    }
}
