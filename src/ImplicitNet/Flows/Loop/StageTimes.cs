using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>Times as a field gets them.</summary>
internal static class StageTimes
{
    /// <summary>Writes times into a tensor of any floating-point dtype and device.</summary>
    public static void Write(ReadOnlySpan<double> times, Tensor target)
    {
        if (times.IsEmpty)
        {
            return;
        }

        if (target.device_type == DeviceType.CPU && target.dtype == ScalarType.Float32)
        {
            Span<float> values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(target.bytes);
            for (int i = 0; i < times.Length; i++)
            {
                values[i] = (float)times[i];
            }
        }
        else if (target.device_type == DeviceType.CPU && target.dtype == ScalarType.Float64)
        {
            times.CopyTo(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(target.bytes));
        }
        else
        {
            using Tensor values = torch.tensor(times.ToArray(), ScalarType.Float64);
            target.copy_(values);
        }
    }

    /// <summary>Times as a new tensor.</summary>
    public static Tensor Of(ReadOnlySpan<double> times, Tensor like)
    {
        Tensor made = empty(times.Length, like.dtype, like.device);
        Write(times, made);
        return made;
    }
}
