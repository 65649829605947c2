using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// Passes over memory on several threads: those on which torch computes, where its thread library is GNU's, as on Linux; those of .NET's
/// pool elsewhere.
/// </summary>
/// <remarks>
/// Torch's threads wait for the next operation by spinning. Other threads would share the cores with them and take nearly twice as
/// long; these are awake already, and begin within a microsecond.
/// </remarks>
internal static class ThreadTeam
{
    // Elements below which one thread is done before a second would pay for its start.
    internal const long SmallWork = 1 << 14;

    private static readonly Lazy<Fork?> Native = new(FindNative);
    private static readonly ThreadBody NativeBody = Work;
    private static readonly nint NativeBodyPointer = Marshal.GetFunctionPointerForDelegate(NativeBody);

    private delegate void ThreadBody(nint state);

    // GOMP_parallel of libgomp: calls the body on so many threads, the caller's own among them, and returns when all have.
    private delegate void Fork(nint body, nint state, uint threads, uint flags);

    /// <summary>
    /// Calls <paramref name="body"/> once for every item, on at most as many threads as torch has; returns when all are done.
    /// </summary>
    /// <param name="items">How many; which thread takes which is left to chance.</param>
    /// <param name="elements">Numbers that all items together read: what is too little for two threads stays on the caller's.</param>
    /// <param name="body">Called with the item's number. Makes no tensors, whose scopes belong to the caller's thread.</param>
    /// <exception cref="Exception">The first that an item threw; the rest of the items may not have been done.</exception>
    public static void Run(int items, long elements, Action<int> body)
    {
        int threads = Math.Min(get_num_threads(), items);
        if (threads <= 1 || elements < SmallWork)
        {
            for (int item = 0; item < items; item++)
            {
                body(item);
            }

            return;
        }

        Items work = new(items, body);
        if (Native.Value is { } fork)
        {
            GCHandle handle = GCHandle.Alloc(work);
            fork(NativeBodyPointer, GCHandle.ToIntPtr(handle), (uint)threads, 0);
            handle.Free();
        }
        else
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => work.Take());
        }

        work.ThrowIfFailed();
    }

    private static void Work(nint state) => ((Items)GCHandle.FromIntPtr(state).Target!).Take();

    private static Fork? FindNative()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        using Process process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            // The one that torch brings along, beside it; there may be another.
            if (module.ModuleName.StartsWith("libgomp", StringComparison.Ordinal)
                && File.Exists(Path.Combine(Path.GetDirectoryName(module.FileName)!, "libtorch_cpu.so"))
                && NativeLibrary.TryLoad(module.FileName, out nint library)
                && NativeLibrary.TryGetExport(library, "GOMP_parallel", out nint function))
            {
                return Marshal.GetDelegateForFunctionPointer<Fork>(function);
            }
        }

        return null;
    }

    /// <summary>Items that threads take one after the other.</summary>
    private sealed class Items(int count, Action<int> body)
    {
        private int _taken;
        private Exception? _failure;

        /// <summary>Takes items until there are none. No exception may pass into native code.</summary>
        public void Take()
        {
            try
            {
                for (int item = Interlocked.Increment(ref _taken) - 1; item < count; item = Interlocked.Increment(ref _taken) - 1)
                {
                    body(item);
                }
            }
#pragma warning disable CA1031 // Kept, and thrown on the caller's thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _ = Interlocked.CompareExchange(ref _failure, exception, null);
                Interlocked.Exchange(ref _taken, count);
            }
        }

        public void ThrowIfFailed()
        {
            if (_failure is not null)
            {
                ExceptionDispatchInfo.Throw(_failure);
            }
        }
    }
}
