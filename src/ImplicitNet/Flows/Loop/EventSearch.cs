using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>Looks for the event in the steps that were accepted, and takes those in which it comes again, up to it.</summary>
internal sealed class EventSearch(FlowContext context, FlowProgress progress) : IDisposable
{
    private const int MostIterations = 100;

    // Shares of a step at which the number is looked at.
    private static readonly double[] Places = [0.25, 0.5, 0.75, 1];

    private double[] _before = [];

    /// <summary>Evaluations of the field that the search took.</summary>
    public long Evaluations { get; private set; }

    /// <summary>Looks at the starts.</summary>
    public void Begin(RungeKuttaIteration iteration, VectorField field, int[] samples) =>
        _before = Values(field, [.. samples.Select(sample => progress.Times[sample])], iteration.Rows.View(RungeKuttaIteration.State));

    /// <summary>Goes on with some rows.</summary>
    public void Keep(int[] rows) => _before = [.. rows.Select(row => _before[row])];

    /// <summary>Looks at a step: where the event comes in a row, its step becomes the one that ends there.</summary>
    /// <param name="iteration">The step proposed; its rows are changed.</param>
    /// <param name="field">The field of these rows.</param>
    /// <param name="samples">The sample of every row.</param>
    /// <param name="times">Where steps begin.</param>
    /// <param name="sizes">How long they are; changed.</param>
    /// <param name="accepted">Which rows are looked at.</param>
    public void Look(RungeKuttaIteration iteration, VectorField field, int[] samples, double[] times, double[] sizes, bool[] accepted)
    {
        if (!accepted.Contains(true))
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        RowArena rows = iteration.Rows;
        int count = samples.Length;
        double[] before = [.. _before], low = new double[count], high = new double[count], atLow = [.. _before];
        bool[] found = new bool[count];
        foreach (double place in Places)
        {
            Tensor states = place == 1 ? rows.View(RungeKuttaIteration.Next) : iteration.Between(place, sizes);
            double[] values = Values(field, [.. times.Zip(sizes, (time, size) => time + (place * size))], states);
            for (int row = 0; row < count; row++)
            {
                if (found[row] || !accepted[row])
                {
                    continue;
                }

                if (Crosses(atLow[row], values[row]))
                {
                    (found[row], high[row]) = (true, place * sizes[row]);
                }
                else
                {
                    (low[row], atLow[row]) = (place * sizes[row], values[row]);
                }
            }
        }

        for (int row = 0; row < count; row++)
        {
            if (accepted[row])
            {
                _before[row] = atLow[row];
            }
        }

        int[] concerned = [.. Enumerable.Range(0, count).Where(row => found[row])];
        if (concerned.Length > 0)
        {
            double[] starts = [.. before];
            foreach (int row in Search(iteration, field, concerned, times, sizes, low, high, starts))
            {
                progress.EndAtEvent(samples[row], times[row] + sizes[row]);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private bool Crosses(double from, double to) => context.Event!.Crossing switch
    {
        Crossing.Rising => from < 0 && to >= 0,
        Crossing.Falling => from > 0 && to <= 0,
        _ => (from < 0 && to >= 0) || (from > 0 && to <= 0),
    };

    /// <summary>Finds the steps that end at the event, by regula falsi (Illinois) on steps that are taken, for the rows concerned
    /// alone.</summary>
    /// <returns>Those in which it comes: where steps that are taken do not cross as the interpolant does, it does not.</returns>
    private List<int> Search(
        RungeKuttaIteration iteration, VectorField field, int[] concerned, double[] times, double[] sizes, double[] lows, double[] highs,
        double[] starts)
    {
        RowArena rows = iteration.Rows;
        Tensor positions = tensor(concerned.Select(row => (long)row).ToArray(), device: context.Start.device);
        bool isAll = concerned.Length == sizes.Length;
        using FieldMeter meter = new(isAll ? field : field.Restrict(positions), isOwner: !isAll);
        Tensor states = Batches.LatentLayout.SelectRows(rows.View(RungeKuttaIteration.State), positions);
        using RungeKuttaIteration again = new(context.Tableau, meter, states);
        double[] at = [.. concerned.Select(row => times[row])];
        double[] low = [.. concerned.Select(row => lows[row])], high = [.. concerned.Select(row => highs[row])];
        double[] whole = [.. concerned.Select(row => sizes[row])], atStart = [.. concerned.Select(row => starts[row])];
        double[] tried = [.. high];
        double[] atHigh = Taken(high), atLow = Taken(low), atEnd = Taken(whole);
        int[] side = new int[at.Length];
        bool[] isDone = new bool[at.Length], isFound = new bool[at.Length];
        for (int row = 0; row < at.Length; row++)
        {
            atLow[row] = low[row] == 0 ? atStart[row] : atLow[row];
            if (!Crosses(atLow[row], atHigh[row]))
            {
                // The place is another one by the steps themselves: before, behind, or none.
                (low[row], atLow[row], high[row], atHigh[row]) = Crosses(atStart[row], atLow[row])
                    ? (0, atStart[row], low[row], atLow[row])
                    : (high[row], atHigh[row], whole[row], atEnd[row]);
            }

            isFound[row] = Crosses(atLow[row], atHigh[row]);
            isDone[row] = !isFound[row];
            tried[row] = high[row];
        }

        for (int iterations = 0; iterations < MostIterations && !isDone.All(done => done); iterations++)
        {
            for (int row = 0; row < at.Length; row++)
            {
                if (!isDone[row])
                {
                    double share = atLow[row] / (atLow[row] - atHigh[row]);
                    tried[row] = double.IsFinite(share) && atHigh[row] != 0 ? low[row] + (share * (high[row] - low[row])) : high[row];
                }
            }

            double[] values = Taken(tried);
            for (int row = 0; row < at.Length; row++)
            {
                if (!isDone[row])
                {
                    isDone[row] = Narrow(row, values[row]);
                }
            }
        }

        // The steps as they are now end at the event: what is read off them must be theirs.
        again.Step(at, tried);
        Evaluations += meter.Evaluations;
        using ArenaRows passage = new(states, 1);
        List<int> found = [];
        for (int row = 0; row < concerned.Length; row++)
        {
            if (!isFound[row])
            {
                _before[concerned[row]] = atEnd[row];
                continue;
            }

            found.Add(concerned[row]);
            sizes[concerned[row]] = tried[row];
            for (int block = RungeKuttaIteration.Next; block < RungeKuttaIteration.Stages + context.Tableau.Stages; block++)
            {
                again.Rows.Write(row, block, 0, [], RungeKuttaIteration.Stages, passage, 0);
                rows.ReadRow(passage, 0, block, concerned[row]);
            }
        }

        return found;

        double[] Taken(double[] lengths)
        {
            again.Step(at, lengths);
            return Values(meter.Field, [.. at.Zip(lengths, (time, size) => time + size)], again.Rows.View(RungeKuttaIteration.Next));
        }

        bool Narrow(int row, double value)
        {
            double resolution = 2 * Kernels.Precision.Of(ScalarType.Float64).Epsilon * Math.Max(Math.Abs(at[row]), Math.Abs(tried[row]));
            if (value == 0 || Math.Abs(high[row] - low[row]) <= resolution)
            {
                return true;
            }

            if (double.IsNaN(value))
            {
                // No number there, and so no event.
                isFound[row] = false;
                return true;
            }

            bool isBelow = Math.Sign(value) == Math.Sign(atLow[row]);
            double moved = Math.Abs(tried[row] - (isBelow ? low[row] : high[row]));
            if (isBelow)
            {
                (low[row], atLow[row]) = (tried[row], value);
                atHigh[row] *= side[row] == -1 ? 0.5 : 1;
            }
            else
            {
                (high[row], atHigh[row]) = (tried[row], value);
                atLow[row] *= side[row] == 1 ? 0.5 : 1;
            }

            side[row] = isBelow ? -1 : 1;
            return moved <= resolution;
        }
    }

    private double[] Values(VectorField field, double[] times, Tensor states)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = context.Event!.Value(StageTimes.Of(times, states), states.clone(), field.Inputs);
        return Kernels.TensorCheck.HasFault(values, out string? fault) ? throw new ArgumentException($"An event's number {fault}.")
            : values.ndim == 1 && values.shape[0] == times.Length && values.is_floating_point()
            ? [.. values.to(ScalarType.Float64).cpu().data<double>()]
            : throw new ArgumentException(
                $"An event's number must be [{times.Length}], floating point. Given: {Kernels.TensorCheck.Describe(values)}.");
    }
}
