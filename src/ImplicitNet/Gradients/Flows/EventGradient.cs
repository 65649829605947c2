using ImplicitNet.Flows.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>
/// What comes to a state at an event goes to all that the event depends on, by the length of the step that ends there: <c>dh = -(g_u du +
/// g_p dp + g_t dt) / (g_t + g_u du/dh)</c> (implicit function theorem; Chen, Amos and Nickel 2021).
/// </summary>
/// <param name="step">The step, its stages evaluated.</param>
/// <param name="graphs">Its graphs.</param>
internal sealed class EventGradient(ReversedStep step, StageGraphs graphs)
{
    /// <summary>Changes lambda of the rows that ended at the event.</summary>
    /// <param name="times">Where steps begin.</param>
    /// <param name="sizes">How long they are.</param>
    /// <param name="isEvent">Which rows are meant.</param>
    /// <param name="toTimes">What came to the time of the event.</param>
    /// <param name="stages">Stages of the step.</param>
    /// <returns>What goes to the beginning of the step, at its length, by the time that the event's number is given.</returns>
    public double[] Apply(double[] times, double[] sizes, bool[] isEvent, double[] toTimes, int stages)
    {
        RowArena rows = step.Rows;
        int count = sizes.Length;
        double[] own = [.. sizes.Select((size, row) => isEvent[row] ? size : 0)];
        double[] ends = [.. times.Zip(own, (time, size) => time + size)];
        step.Next(ReversedStep.Spare, own, stages);
        (Tensor? toState, Tensor? toTime) = graphs.Event(ends, rows.View(ReversedStep.Spare), isEvent, factors: null);

        // What goes to the length of the step from lambda, and from the event's own number.
        (double[] bySize, _) = step.Pull(own, stages, hasBetween: false, isProbe: true);
        using ArenaRows lambdas = new(rows.View(step.Lambda), count);
        for (int row = 0; row < count; row++)
        {
            rows.Write(row, step.Lambda, 0, [], ReversedStep.Stages, lambdas, row);
        }

        rows.Take(step.Lambda, toState ?? zeros_like(rows.View(step.Lambda)));
        (double[] numberBySize, _) = step.Pull(own, stages, hasBetween: false, isProbe: true);
        double[] numberByTime = toTime is null ? new double[count] : [.. toTime.to(ScalarType.Float64).cpu().data<double>()];
        double[] factors = new double[count];
        for (int row = 0; row < count; row++)
        {
            rows.ReadRow(lambdas, row, step.Lambda, row);
            double slope = numberByTime[row] + numberBySize[row];
            if (isEvent[row] && (slope == 0 || !double.IsFinite(slope)))
            {
                throw new InvalidOperationException(
                    $"The number of an event moves along the flow with a slope of {slope} where it is 0: its time has no gradient.");
            }

            factors[row] = isEvent[row] ? -(toTimes[row] + bySize[row]) / slope : 0;
        }

        (Tensor? moved, _) = graphs.Event(ends, rows.View(ReversedStep.Spare), isEvent, factors);
        if (moved is not null)
        {
            rows.Take(ReversedStep.Spare, moved);
            rows.Combine(step.Lambda, step.Lambda, [.. isEvent.Select(value => value ? 1.0 : 0)], [1], ReversedStep.Spare);
        }

        return [.. factors.Zip(numberByTime, (factor, slope) => factor * slope)];
    }
}
