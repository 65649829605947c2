using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Distribution;

/// <summary>
/// The gradients of all parameters in one piece of memory for each dtype, of which every <c>grad</c> is a part: autograd adds to it in
/// place, and one sum over all ranks sums them all, without a copy.
/// </summary>
/// <remarks>
/// A parameter that no rank's loss has led to has no gradient, as in one process, so that an optimiser leaves it alone; one that some
/// rank's loss has led to has one on all ranks from then on.
/// </remarks>
internal sealed class FlatGradient : IDisposable
{
    // Beside the gradients: ranks that failed, and ranks with gradients that have no place here yet.
    private const int Failed = 0, New = 1, Flags = 2;

    private readonly Agreement _agreement;
    private readonly List<Tensor> _buffers = [];
    private readonly List<Slot> _slots = [];

    /// <summary>Takes memory for the gradients of all parameters, of frozen ones too.</summary>
    /// <param name="parameters">float32 or float64, on the processor; the caller keeps them.</param>
    /// <param name="agreement">Of the ranks that sum.</param>
    public FlatGradient(IEnumerable<Parameter> parameters, Agreement agreement)
    {
        _agreement = agreement;
        using DisposeScope scope = NewDisposeScope();
        foreach (IGrouping<ScalarType, Parameter> alike in parameters.Where(one => one.is_floating_point()).GroupBy(one => one.dtype))
        {
            Tensor buffer = zeros(alike.Sum(parameter => parameter.numel()) + Flags, alike.Key, CPU).DetachFromDisposeScope();
            _buffers.Add(buffer);
            long start = Flags;
            foreach (Parameter parameter in alike)
            {
                long count = parameter.numel();
                _slots.Add(new(parameter, buffer.narrow(0, start, count).view(parameter.shape).DetachFromDisposeScope()));
                start += count;
            }
        }
    }

    /// <summary>Refuses parameters whose gradients cannot be summed.</summary>
    /// <exception cref="NotSupportedException">One is not float32 or float64, or not on the processor.</exception>
    public static void EnsureFits(IEnumerable<Parameter> parameters)
    {
        foreach (Parameter one in parameters.Where(one => one.is_floating_point()))
        {
            if (one.dtype is not (ScalarType.Float32 or ScalarType.Float64) || one.device_type != DeviceType.CPU)
            {
                throw new NotSupportedException(
                    $"Several ranks train float32 and float64 on the processor. Given: {one.dtype} on {one.device_type}.");
            }
        }
    }

    /// <summary>Sets all gradients to 0, before a step. A parameter that is frozen has none any more.</summary>
    public void Clear()
    {
        foreach (Tensor buffer in _buffers)
        {
            buffer.zero_();
        }

        // Put in place anew: anybody may have taken it off meanwhile, or left another one there.
        foreach (Slot slot in _slots)
        {
            slot.IsTouched &= slot.Parameter.requires_grad;
            slot.Parameter.grad = slot.IsTouched ? slot.Gradient : null;
        }
    }

    /// <summary>Sums the gradients over all ranks, after their backward passes.</summary>
    /// <param name="failure">What this rank's backward pass ended with; null where it did not fail.</param>
    /// <exception cref="CollectiveException">That of another rank failed.</exception>
    public void Sum(Exception? failure)
    {
        using IDisposable noGraph = no_grad();
        double[] touched = [.. _slots.Select(slot => slot.IsTouched || slot.TakeNew() ? 1.0 : 0)];
        Flag(Failed, failure is not null);
        Flag(New, touched.Sum() > _slots.Count(slot => slot.IsTouched));
        foreach (Tensor buffer in _buffers)
        {
            _agreement.Ranks.Sum(buffer);
        }

        if (IsFlagged(Failed))
        {
            throw _agreement.Failure(failure);
        }

        if (IsFlagged(New))
        {
            _agreement.Ranks.Sum(touched);
            for (int place = 0; place < touched.Length; place++)
            {
                _slots[place].Touch(touched[place] > 0);
            }
        }
    }

    /// <summary>Leaves all parameters without a gradient.</summary>
    public void Dispose()
    {
        foreach (Slot slot in _slots)
        {
            slot.Parameter.grad = null;
            slot.Gradient.Dispose();
        }

        _buffers.ForEach(buffer => buffer.Dispose());
    }

    private void Flag(int place, bool isSet)
    {
        using Tensor flag = _buffers[0].narrow(0, place, 1);
        flag.fill_(isSet ? 1 : 0);
    }

    // A rank that failed may have left NaN in the gradients, never here.
    private bool IsFlagged(int place)
    {
        using Tensor flag = _buffers[0].narrow(0, place, 1);
        return flag.ToDouble() > 0;
    }

    /// <summary>The place of one parameter.</summary>
    /// <param name="Parameter">It.</param>
    /// <param name="Gradient">The part that is its gradient once a loss has led to it.</param>
    private sealed record Slot(Parameter Parameter, Tensor Gradient)
    {
        /// <summary>Whether it is its gradient.</summary>
        public bool IsTouched { get; set; }

        /// <summary>Copies a gradient that autograd has made on its own, for the first time.</summary>
        /// <returns>Whether there was one.</returns>
        public bool TakeNew()
        {
            using Tensor? made = Parameter.grad;
            if (made is null)
            {
                return false;
            }

            Gradient.copy_(made);
            return true;
        }

        /// <summary>Makes the part the parameter's gradient.</summary>
        public void Touch(bool isTouched)
        {
            if (isTouched && !IsTouched)
            {
                Parameter.grad = Gradient;
                IsTouched = true;
            }
        }
    }
}
