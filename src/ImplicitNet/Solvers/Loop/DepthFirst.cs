using System.Buffers;
using ImplicitNet.Kernels;
using ImplicitNet.Kernels.Winograd;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>
/// Iteration that takes a few samples through all their steps, in one thread and one cache, where <see cref="SolveLoop"/> takes all
/// samples of a batch through one step after the other: samples do not depend on each other, and need not wait for each other.
/// </summary>
/// <remarks>
/// The loop is the definition: statuses, steps, residuals and latents are bit by bit its own. Evaluations are those that samples needed,
/// where the loop goes on evaluating the finished ones that have not left the batch yet.
/// </remarks>
internal static class DepthFirst
{
    /// <summary>Solves, where the map has a kernel and the rule can be measured sample by sample.</summary>
    /// <param name="context">The solve.</param>
    /// <param name="begin">Makes the method's steps for latents of so many numbers; null for <c>u &lt;- map(u)</c>.</param>
    /// <returns>The caller owns it; null, and nothing done, where it is for the loop.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static FixedPointSolution? TrySolve(SolveContext context, Func<int, SampleSteps>? begin = null)
    {
        (Tensor start, StoppingRule stopping) = (context.Start, context.Stopping);
        if (context.Map is not PerSampleMap { Kernel: { } kernelOf } map || start.numel() == 0
            || stopping.Norm.IsOrdered || !ResidualMeasurement.IsForOnePass(stopping, start.numel() / start.shape[0])
            || stopping.Stall != Stall.Residual || (stopping.Returned != ReturnedIterate.Best && stopping.Returned != ReturnedIterate.Last))
        {
            return null;
        }

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (kernelOf(map.Inputs, start) is not { } kernel)
        {
            return null;
        }

        int batch = (int)start.shape[0];
        double? perResidual = context.ErrorBound?.PerUnitOf(stopping.Norm, kernel.Size);
        SampleProgress progress = new(batch, stopping, start.dtype, context.Beginnings, perResidual);
        context.Trace?.Begin(batch);
        (Tensor answer, ImageRows answers) = ImageRows.Empty(start.shape);
        Work work = new(context, kernel, begin, progress, ImageRows.Of(start), answers);
        int teams = Math.Min(get_num_threads(), (batch + kernel.AtOnce - 1) / kernel.AtOnce);
        ThreadTeam.Run(teams, start.numel(), _ => work.Take(Math.Min(kernel.AtOnce, (batch + teams - 1) / teams)));
        if (work.IsCut)
        {
            context.Cancellation.ThrowIfCancellationRequested();
        }

        SolveReport report = new(
            progress.Samples, progress.Samples.Sum(sample => (long)sample.Steps),
            errorNorm: perResidual is null ? null : context.ErrorBound?.Norm);
        return new FixedPointSolution(answer.DetachFromDisposeScope(), report);
    }

    /// <summary>A solve that several threads share.</summary>
    private sealed class Work(
        SolveContext context, SampleKernel kernel, Func<int, SampleSteps>? begin, SampleProgress progress, ImageRows start,
        ImageRows answers)
    {
        private readonly ResidualNorm.Part[] _parts = context.Stopping.Norm.PartsOf(kernel.Size)!;
        private readonly (double Absolute, double Relative) _tolerance = context.Stopping.Resolve(ScalarType.Float32);
        private int _taken;

        /// <summary>Whether it ended because it was cancelled.</summary>
        public bool IsCut { get; private set; }

        /// <summary>Solves samples until there are none left.</summary>
        /// <param name="most">So many at a time.</param>
        public void Take(int most)
        {
            int size = kernel.Size;
            float[] memory = ArrayPool<float>.Shared.Rent(5 * most * size);
            Memory<float> Piece(int number) => memory.AsMemory(number * most * size, most * size);
            Memory<float> before = Piece(0), now = Piece(1), mapped = Piece(2), next = begin is null ? mapped : Piece(3), inputs = Piece(4);
            SampleSteps[]? steps = begin is null ? null : [.. Enumerable.Range(0, most).Select(_ => begin(size))];
            int[] samples = new int[most];
            int[] made = new int[most];
            for (int count = Fill(0); count > 0; count = Fill(count))
            {
                if (context.Cancellation.IsCancellationRequested)
                {
                    IsCut = true;
                    break;
                }

                int used = count * size;
                kernel.Apply(now.Span[..used], inputs.Span[..used], mapped.Span[..used]);
                for (int slot = count - 1; slot >= 0; slot--)
                {
                    bool isKept = steps is null || steps[slot].Advance(Row(now, slot), Row(mapped, slot), Row(next, slot));
                    if (!IsFinished(samples[slot], ++made[slot], isKept, Row(before, slot), Row(now, slot), Row(mapped, slot)))
                    {
                        continue;
                    }

                    // The last one takes its place.
                    count--;
                    (samples[slot], made[slot]) = (samples[count], made[count]);
                    Row(now, count).CopyTo(Row(now, slot));
                    Row(next, count).CopyTo(Row(next, slot));
                    Row(inputs, count).CopyTo(Row(inputs, slot));
                    if (steps is not null)
                    {
                        (steps[slot], steps[count]) = (steps[count], steps[slot]);
                    }
                }

                (before, now, next) = (now, next, before);
                mapped = steps is null ? next : mapped;
            }

            ArrayPool<float>.Shared.Return(memory);

            int Fill(int count)
            {
                for (; count < most && Interlocked.Increment(ref _taken) - 1 is var sample && sample < answers.Batch; count++)
                {
                    (samples[count], made[count]) = (sample, 0);
                    steps?[count].Begin();
                    start.Samples(sample, 1).CopyTo(Row(now, count));
                    kernel.Input(sample).CopyTo(Row(inputs, count));
                    start.Samples(sample, 1).CopyTo(answers.Samples(sample, 1));
                }

                return count;
            }

            Span<float> Row(Memory<float> rows, int slot) => rows.Span.Slice(slot * size, size);
        }

        /// <summary>Judges a step of a sample, and keeps the iterate that is to be returned.</summary>
        private bool IsFinished(int sample, int step, bool isKept, Span<float> before, Span<float> latent, Span<float> mapped)
        {
            (double residual, double size) = ResidualMeasurement.OfRow(_parts, mapped, latent);
            double ratio = context.Stopping.Scale.Ratio(residual, size, _tolerance.Absolute, _tolerance.Relative);
            context.Trace?.Add(sample, new ResidualTraceEntry(residual, ratio, context.Trace.Seconds));
            bool isFinished = isKept ? progress.Record(sample, step, residual, ratio, size) : progress.Skip(sample, step);
            int best = progress.BestStep(sample);
            if (best > 0 && best == step - 1)
            {
                before.CopyTo(answers.Samples(sample, 1));
            }
            else if (isFinished && best == step)
            {
                latent.CopyTo(answers.Samples(sample, 1));
            }

            return isFinished;
        }
    }
}
